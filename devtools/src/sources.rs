//! The Rust files of the workspace, as the checks of style and imports read them. Needs no git.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use xtask::cargo;

/// The packages' directories.
const PACKAGES: [&str; 4] = ["devtools", "examples", "service", "xtask"];

/// A Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path from the workspace's root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Reads every Rust file, in the order of the paths.
pub(crate) fn read_all() -> anyhow::Result<Vec<Source>> {
    let root = cargo::workspace_root();
    let mut files = Vec::new();
    for package in PACKAGES {
        collect(&root.join(package), &mut files)?;
    }
    files.sort();
    files.into_iter().map(|file| read(root, &file)).collect()
}

fn read(root: &Path, file: &Path) -> anyhow::Result<Source> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let path = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    Ok(Source { path, text })
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", directory.display()))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !is_hidden && !path.ends_with("target") && !path.ends_with("node_modules") {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_sources() {
        let sources = read_all().unwrap();
        for path in ["devtools/src/main.rs", "service/src/lib.rs", "service/tests/it/main.rs", "xtask/src/lib.rs"] {
            assert!(sources.iter().any(|source| source.path == path), "{path}");
        }
    }
}
