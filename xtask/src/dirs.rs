//! The directories in which this machine keeps its deployments. Creates and removes them; the files in them belong
//! to others.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{environment, error::ErrorExt, problem::Problem};

/// The two directories that hold one directory for each deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// Deployments on this machine.
    Local,
    /// Deployments on AWS, by account and project.
    Aws,
}

impl Root {
    /// The environment variable that overrides the directory.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Local => "MCP_LOCAL_DIR",
            Self::Aws => "MCP_DEPLOY_DIR",
        }
    }
}

/// Returns the directory's absolute path: that of its variable, else one in the user's data directory. Does not
/// create it.
///
/// Fails with a hint if the system names no data directory for the user.
pub(crate) fn root(root: Root) -> anyhow::Result<PathBuf> {
    let (overridden, name) = match root {
        Root::Local => (environment::local_dir(), "local"),
        Root::Aws => (environment::deploy_dir(), "aws"),
    };
    if let Some(directory) = overridden {
        return std::path::absolute(&directory)
            .with_context(|| format!("invalid {}={}: expected a directory", root.variable(), directory.display()));
    }
    let data = ::dirs::data_dir()
        .context("the system names no data directory for this user")
        .hint(format!("set {} to a directory that you can write to", root.variable()))?;
    Ok(data.join("mcp-stateful").join(name))
}

/// Creates a directory with its parents, and restricts it to its owner.
pub(crate) fn create_private(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    restrict_to_owner(directory).with_context(|| format!("cannot set the permissions of {}", directory.display()))
}

/// Checks that files can be written to a deployment's directory, which `created` was the attempt to create.
///
/// Writes a file, because permissions do not show a full disk or a quota.
pub(crate) fn not_writable(root: Root, directory: &Path, created: anyhow::Result<()>) -> Option<Problem> {
    let error = created.and_then(|()| Ok(write_probe(directory)?)).err()?;
    let full = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::StorageFull);
    let hint = if full {
        "free space on that disk, such as with `cargo clean`".to_owned()
    } else {
        format!("set {} to a directory that you can write to", root.variable())
    };
    Some(Problem::new(format!("cannot write to {}: {error:#}", directory.display()), hint))
}

fn write_probe(directory: &Path) -> io::Result<()> {
    let probe = directory.join("probe");
    fs::write(&probe, [0; 4096])?;
    fs::remove_file(&probe)
}

/// Deletes a directory with its contents. Succeeds if it does not exist.
pub(crate) fn remove(directory: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", directory.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn restrict_to_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict_to_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_directory_is_private_and_writable() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a").join("b");
        assert!(write_probe(&directory).is_err());
        assert_eq!(not_writable(Root::Local, &directory, create_private(&directory)), None);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "the probe is removed");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        let problem = not_writable(Root::Aws, &directory, Err(anyhow::anyhow!("denied"))).unwrap();
        assert!(problem.fix.contains("MCP_DEPLOY_DIR"), "{problem:?}");
        for _ in 0..2 {
            remove(&directory).unwrap();
        }
        assert!(!directory.exists());
    }
}
