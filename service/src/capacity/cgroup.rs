//! The memory limit of this process's control group.
//!
//! A container's limit is at the root of what it sees, a systemd unit's at the path in `/proc/self/cgroup`. Each
//! ancestor's limit applies as well ([cgroups(7)](https://man7.org/linux/man-pages/man7/cgroups.7.html)).

use std::{fs, path::Path};

/// Returns the smallest memory limit that applies to this process, in bytes.
pub(super) fn memory() -> Option<u64> {
    smallest_limit(Path::new("/sys/fs/cgroup"), &fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// Finds the limit of a process with the given memberships, each `<id>:<controllers>:<path>`.
fn smallest_limit(mount: &Path, memberships: &str) -> Option<u64> {
    memberships.lines().filter_map(|line| limit_of_membership(mount, line)).min()
}

fn limit_of_membership(mount: &Path, line: &str) -> Option<u64> {
    let (_, membership) = line.split_once(':')?;
    let (controllers, path) = membership.split_once(':')?;
    let (mount, file) = match controllers {
        "" => (mount.to_owned(), "memory.max"),
        _ if controllers.split(',').any(|name| name == "memory") => (mount.join("memory"), "memory.limit_in_bytes"),
        _ => return None,
    };
    // An unlimited group has `max` in version 2 and a huge number in version 1.
    let limit = |folder: &Path| fs::read_to_string(mount.join(folder).join(file)).ok()?.trim().parse::<u64>().ok();
    Path::new(path.trim_start_matches('/')).ancestors().filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_of_any_ancestor_applies() {
        for (files, memberships, expected) in [
            (&[("memory.max", "536870912\n")][..], "0::/\n", Some(536_870_912)),
            (&[("a/memory.max", "4096"), ("a/b/memory.max", "max")], "0::/a/b\n", Some(4096)),
            (&[("memory/memory.limit_in_bytes", "8192")], "3:cpu:/x\n2:memory:/docker/1\n0::/\n", Some(8192)),
            (&[("memory.max", "max")], "0::/\n", None),
            (&[], "0::/gone\n", None),
        ] {
            let mount = tempfile::tempdir().unwrap();
            for (file, content) in files {
                let file = mount.path().join(file);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
            assert_eq!(smallest_limit(mount.path(), memberships), expected, "{files:?} {memberships:?}");
        }
    }
}
