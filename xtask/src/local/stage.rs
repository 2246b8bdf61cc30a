//! Copies a built binary into the deployment, named by its content, so that a rebuild does not disturb the running
//! service.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{home::Home, record::Record};
use crate::error::ErrorExt;

/// Copies the binary and returns the path of the copy.
pub(crate) fn stage(home: &Home, binary: &Path) -> anyhow::Result<PathBuf> {
    let digest = digest(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let staged = home.binaries().join(format!("mcp-stateful-{digest:016x}{}", std::env::consts::EXE_SUFFIX));
    if !staged.exists() {
        let draft = staged.with_extension("draft");
        let copied = fs::copy(binary, &draft).and_then(|_| fs::rename(&draft, &staged));
        if copied.is_err() {
            drop(fs::remove_file(&draft));
        }
        copied
            .with_context(|| format!("cannot copy the binary to {}", staged.display()))
            .hint("free space on that disk, or set MCP_LOCAL_DIR to a directory on another one")?;
    }
    staged.canonicalize().with_context(|| format!("cannot find {}", staged.display()))
}

/// Deletes every staged binary but the running one and the previous one. A binary that cannot be deleted now, as a
/// running one on Windows, is deleted next time.
pub(crate) fn prune(home: &Home, current: &Path, previous: Option<&Record>) {
    let keep = [current.file_name(), previous.and_then(|record| record.identity.exe.file_name())];
    for entry in fs::read_dir(home.binaries()).into_iter().flatten().flatten() {
        if !keep.contains(&Some(entry.file_name().as_os_str())) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Distinguishes builds. A fast hash suffices, because nothing relies on it for security.
fn digest(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut hasher = DefaultHasher::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            read => hasher.write(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_two_binaries_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(&directory.path().join("home"));
        home.create().unwrap();
        let binary = directory.path().join("built");
        let staged: Vec<PathBuf> = ["one", "two", "three"]
            .iter()
            .map(|content| {
                fs::write(&binary, content).unwrap();
                stage(&home, &binary).unwrap()
            })
            .collect();
        assert_eq!(stage(&home, &binary).unwrap(), staged[2]);
        assert_eq!(fs::read_to_string(&staged[0]).unwrap(), "one");

        let mut previous = crate::local::record::tests::example();
        previous.identity.exe = staged[1].clone();
        prune(&home, &staged[2], Some(&previous));
        assert!(!staged[0].exists());
        assert!(staged[1].exists() && staged[2].exists());
    }
}
