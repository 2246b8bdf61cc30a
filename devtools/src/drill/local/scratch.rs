//! The temporary directory of one drill, with the store's file and the replicas' logs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use uuid::Uuid;

/// A directory that is deleted on drop, unless it is kept.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    kept: bool,
}

impl Scratch {
    pub(super) fn create() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("mcp-stateful-drill-{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path, kept: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the directory and returns its path.
    pub(super) fn keep(&mut self) -> String {
        self.kept = true;
        self.path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.kept {
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_is_deleted_unless_kept() {
        let mut kept = Scratch::create().unwrap();
        let gone = Scratch::create().unwrap().path().to_owned();
        let path = PathBuf::from(kept.keep());
        drop(kept);
        assert!(!gone.exists() && path.exists());
        fs::remove_dir(path).unwrap();
    }
}
