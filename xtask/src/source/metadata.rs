//! The output of `cargo metadata`, as far as it is used.
//!
//! Without dependencies: resolving them would download all of them, and might write a lock file.
//! <https://doc.rust-lang.org/cargo/commands/cargo-metadata.html>

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use serde::Deserialize;

use super::{LIBRARY, capture};
use crate::{
    environment,
    error::{ErrorExt, Exit},
    process::CommandLine,
};

/// A workspace.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    /// The workspace's own packages.
    pub(super) packages: Vec<Package>,
    pub(super) workspace_root: PathBuf,
    pub(super) target_directory: PathBuf,
}

/// A package of the workspace.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) manifest_path: PathBuf,
    #[serde(default)]
    pub(super) repository: Option<String>,
    #[serde(default)]
    pub(super) default_run: Option<String>,
    pub(super) targets: Vec<Target>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    #[serde(default)]
    pub(super) src_path: PathBuf,
    pub(super) kind: Vec<String>,
}

/// A dependency as the manifest declares it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// The name that the package's code uses, if it is another one.
    #[serde(default)]
    pub(super) rename: Option<String>,
    /// `None` for a normal dependency.
    pub(super) kind: Option<String>,
    pub(super) optional: bool,
    pub(super) uses_default_features: bool,
    #[serde(default)]
    pub(super) features: Vec<String>,
    /// The directory of a dependency on a path.
    #[serde(default)]
    pub(super) path: Option<PathBuf>,
}

impl Package {
    /// The names of the executables.
    pub(super) fn binaries(&self) -> impl Iterator<Item = &str> {
        let is_binary = |target: &&Target| target.kind.iter().any(|kind| kind == "bin");
        self.targets.iter().filter(is_binary).map(|target| target.name.as_str())
    }

    /// The source file of an executable.
    pub(super) fn program(&self, binary: &str) -> Option<&Path> {
        let is_program = |target: &&Target| target.name == binary && target.kind.iter().any(|kind| kind == "bin");
        self.targets.iter().find(is_program).map(|target| target.src_path.as_path())
    }

    /// The dependency on the library, which makes the package a server. One that is optional does not.
    pub(super) fn library(&self) -> Option<&Dependency> {
        self.dependencies
            .iter()
            .find(|dependency| dependency.name == LIBRARY && dependency.kind.is_none() && !dependency.optional)
    }

    /// Returns true for the library's own package and for packages that depend on it.
    pub(super) fn is_server(&self) -> bool {
        self.name == LIBRARY || self.library().is_some()
    }
}

/// Returns the manifest of the working directory, or of the nearest directory above it that has one.
pub(super) fn locate() -> anyhow::Result<PathBuf> {
    let output = capture(&cargo(["locate-project", "--message-format", "plain"]))?;
    if output.success {
        return Ok(output.stdout.trim().into());
    }
    let here = std::env::current_dir().unwrap_or_default();
    Err(anyhow!("found no cargo project in {} or a directory above it", here.display()))
        .hint("run the command in the directory of your crate, or pass --manifest-path")
        .exit_code(Exit::Usage)
}

/// Reads the workspace of a manifest.
pub(super) fn read(manifest: &Path) -> anyhow::Result<Metadata> {
    let line = cargo(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"]).arg(manifest);
    let output = capture(&line)?;
    if !output.success {
        let cause = output.stderr.trim().trim_start_matches("error: ").to_owned();
        return Err(anyhow!(cause))
            .with_context(|| format!("cannot read the cargo project at {}", manifest.display()))
            .hint("make `cargo metadata` work there first")
            .exit_code(Exit::Usage);
    }
    serde_json::from_str(&output.stdout).context("cannot read the output of `cargo metadata`")
}

fn cargo<const N: usize>(args: [&str; N]) -> CommandLine {
    CommandLine::new(environment::cargo()).args(args).without_env(environment::set_by_cargo_run())
}
