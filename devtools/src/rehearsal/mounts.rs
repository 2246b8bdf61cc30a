//! Unmounts leftovers of a killed engine, which would keep its directory from being deleted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use xtask::process::{self, CommandLine};

/// The list of this process's mounts (proc_pid_mountinfo(5)).
const MOUNTS: &str = "/proc/self/mountinfo";

/// Unmounts everything at or below `directory`, the innermost mount first.
pub(super) fn release(directory: &Path) -> anyhow::Result<()> {
    let table = fs::read_to_string(MOUNTS).with_context(|| format!("cannot read {MOUNTS}"))?;
    for mount in below(directory, &table) {
        process::run(&CommandLine::new("umount").arg("--lazy").arg(&mount))
            .with_context(|| format!("cannot unmount {}, a leftover of an earlier rehearsal", mount.display()))?;
    }
    Ok(())
}

/// Lists the mount points in reverse order of mounting, because a later mount may lie on an earlier one.
fn below(directory: &Path, table: &str) -> Vec<PathBuf> {
    let points = table.lines().filter_map(|line| line.split(' ').nth(4)).map(|point| PathBuf::from(decode(point)));
    let mut points: Vec<PathBuf> = points.filter(|point| point.starts_with(directory)).collect();
    points.reverse();
    points
}

/// Decodes a path: the table writes whitespace and backslashes in octal.
fn decode(point: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(point.to_owned(), |point, (encoded, decoded)| point.replace(encoded, decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_mount_comes_first() {
        let table = "27 1 254:0 / / rw - ext4 /dev/vda rw\n\
            42 27 254:0 /e /my\\040code/engine rw shared:1 - ext4 /dev/vda rw\n\
            43 42 0:50 / /my\\040code/engine/overlay/a rw - overlay overlay rw\n\
            44 27 0:51 / /my\\040code/engine-of-others rw - tmpfs tmpfs rw\n";
        let found = below(Path::new("/my code/engine"), table);
        assert_eq!(found, [Path::new("/my code/engine/overlay/a"), Path::new("/my code/engine")]);
    }
}
