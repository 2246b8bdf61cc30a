//! The cargo project that a command works on, and the package in it that is deployed.
//!
//! Both are found from the working directory, as cargo finds them, or by `--manifest-path` and `--package`. Nothing
//! here depends on the checkout that the deployer was compiled from, so an installed deployer works in any project.

mod features;
pub(crate) mod identity;
mod library;
mod lock_file;
mod metadata;
mod select;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

pub use self::identity::Identity;
use self::metadata::{Metadata, Package};
use crate::{
    cargo::{self, Profile},
    environment,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// The package that every server is built from. In this repository it is the deployed package, too.
pub(crate) const LIBRARY: &str = "mcp-stateful";

/// Options that select the deployed package.
#[derive(Debug, Clone, Default, Args)]
pub struct SourceArgs {
    /// Package to work on. Default: the one in this directory, else the workspace's only server.
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
    /// Cargo.toml of the package or its workspace. Default: the one in this directory or the nearest one above it.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
}

/// A cargo workspace, or a single crate.
#[derive(Debug, Clone)]
pub struct Workspace {
    metadata: Metadata,
    /// The manifest of the directory in which the command runs.
    current: PathBuf,
}

/// A package of a workspace, which is built and deployed.
#[derive(Debug, Clone)]
pub struct Source {
    workspace: Workspace,
    package: Package,
    binary: String,
}

impl Workspace {
    /// Finds the workspace of the working directory, or of a manifest. Fails with [`Exit::Usage`] outside of any.
    pub(crate) fn find(manifest_path: Option<&Path>) -> anyhow::Result<Self> {
        let current = match manifest_path {
            Some(path) => std::path::absolute(path)
                .with_context(|| format!("invalid --manifest-path {}", path.display()))
                .exit_code(Exit::Usage)?,
            None => metadata::locate()?,
        };
        Ok(Self { metadata: metadata::read(&current)?, current })
    }

    /// The directory of the workspace's manifest. `environments/` and an `infra/` of the project's own are in it.
    pub(crate) fn root(&self) -> &Path {
        &self.metadata.workspace_root
    }

    /// Selects the package to deploy. Fails with [`Exit::Usage`] if none or several can be meant.
    pub(crate) fn package(self, name: Option<&str>) -> anyhow::Result<Source> {
        let package = select::package(&self, name).exit_code(Exit::Usage)?.clone();
        let binary = select::binary(&package).exit_code(Exit::Usage)?;
        Ok(Source { workspace: self, package, binary })
    }
}

impl Source {
    /// Finds the package that the arguments and the working directory select.
    pub(crate) fn find(args: &SourceArgs) -> anyhow::Result<Self> {
        Workspace::find(args.manifest_path.as_deref())?.package(args.package.as_deref())
    }

    /// This repository's service, for developers' commands.
    pub fn of_checkout() -> anyhow::Result<Self> {
        let manifest = cargo::workspace_root().join("service").join("Cargo.toml");
        Workspace::find(Some(&manifest))?.package(Some(LIBRARY))
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(crate) fn root(&self) -> &Path {
        self.workspace.root()
    }

    /// Cargo's target directory, for logs. Executables may be elsewhere.
    pub fn target_directory(&self) -> &Path {
        &self.workspace.metadata.target_directory
    }

    /// The package's name.
    pub(crate) fn name(&self) -> &str {
        &self.package.name
    }

    /// The directory of the package's manifest.
    pub(crate) fn directory(&self) -> &Path {
        let manifest = &self.package.manifest_path;
        manifest.parent().unwrap_or(manifest)
    }

    /// The name of the executable.
    pub fn binary(&self) -> &str {
        &self.binary
    }

    /// The source file of the executable.
    pub(crate) fn program(&self) -> Option<&Path> {
        self.package.program(&self.binary)
    }

    /// The crates that the package's code can name.
    pub(crate) fn dependency_names(&self) -> impl Iterator<Item = String> {
        let normal = self.package.dependencies.iter().filter(|dependency| dependency.kind.is_none());
        normal.map(|dependency| dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_"))
    }

    /// Returns true for this repository's service, and false for a crate that depends on it.
    pub(crate) fn is_service(&self) -> bool {
        self.package.name == LIBRARY
    }

    /// A cargo command in the workspace.
    pub(crate) fn cargo<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> CommandLine {
        CommandLine::new(environment::cargo())
            .args(args)
            .directory(self.root())
            .without_env(environment::set_by_cargo_run())
    }

    /// The build for this machine, with the embedded store.
    ///
    /// A crate's lock file follows its manifest, as with `cargo build`. This repository's must not change.
    pub(crate) fn build_local(&self, profile: Profile) -> CommandLine {
        if self.is_service() {
            return cargo::service_build(self.root(), profile);
        }
        let line = self.cargo(["build", "--package", self.name(), "--bin", &self.binary]);
        match profile {
            Profile::Dev => line,
            Profile::Release => line.arg("--release"),
        }
    }

    /// The arguments of the image's build that select package, binary and features.
    pub(crate) fn image_args(&self) -> Vec<String> {
        let mut args = vec!["--package".to_owned(), self.name().to_owned()];
        if !self.is_service() {
            args.extend(["--bin".to_owned(), self.binary.clone()]);
        }
        args.extend(self.image_features().args());
        args
    }

    /// The features that the image is built with.
    pub(crate) fn image_features(&self) -> features::ImageFeatures {
        features::ImageFeatures::of(&self.package)
    }

    /// The package and its revisions, by which an image is recognized. Asks git.
    pub fn identity(&self) -> Identity {
        Identity::of(self)
    }

    /// Returns a directory outside of the workspace that the package depends on, if there is one.
    pub(crate) fn path_outside(&self) -> Option<PathBuf> {
        let paths = self.package.dependencies.iter().filter_map(|dependency| dependency.path.as_ref());
        paths.into_iter().find(|path| !path.starts_with(self.root())).cloned()
    }

    /// Returns true if the workspace has a `Cargo.lock`, without which an image cannot be built again.
    pub(crate) fn is_locked(&self) -> bool {
        self.root().join(lock_file::NAME).exists()
    }
}

/// Runs `cargo metadata` and its like, whose error output cargo writes for the terminal.
fn capture(line: &CommandLine) -> anyhow::Result<process::Output> {
    process::capture(line)
        .context("cannot run cargo")
        .hint("install Rust from https://rustup.rs")
        .exit_code(Exit::Preflight)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A package at `/projects/cart`, from its metadata.
    pub(crate) fn example(package: &serde_json::Value) -> Source {
        let metadata = serde_json::json!({
            "packages": [package],
            "workspace_root": "/projects/cart",
            "target_directory": "/projects/cart/target",
        });
        let metadata: Metadata = serde_json::from_value(metadata).unwrap();
        let current = metadata.packages[0].manifest_path.clone();
        Workspace { metadata, current }.package(None).unwrap()
    }

    /// The metadata of a server that can leave the embedded store out.
    pub(crate) fn cart() -> serde_json::Value {
        serde_json::json!({
            "name": "cart", "version": "0.3.0", "manifest_path": "/projects/cart/Cargo.toml",
            "targets": [{"name": "cart", "kind": ["bin"]}],
            "features": {"default": ["embedded", "mail"], "embedded": ["mcp-stateful/embedded"], "mail": []},
            "dependencies": [{"name": "mcp-stateful", "kind": null, "optional": false, "uses_default_features": false}],
        })
    }

    #[test]
    fn checkout_deploys_its_service() {
        let source = Source::of_checkout().unwrap();
        assert!(source.is_service());
        assert_eq!(source.root(), cargo::workspace_root());
        let found = Source::find(&SourceArgs::default()).unwrap();
        assert_eq!(found.name(), LIBRARY, "the package of the tests has two executables");
        assert_eq!(source.image_args(), ["--package", "mcp-stateful", "--no-default-features"]);
    }

    #[test]
    fn crate_is_built_by_package_and_binary() {
        let source = example(&cart());
        assert!(source.build_local(Profile::Dev).to_string().ends_with(" build --package cart --bin cart"));
        assert!(source.build_local(Profile::Release).to_string().ends_with(" --bin cart --release"));
        let expected = ["--package", "cart", "--bin", "cart", "--no-default-features", "--features", "mail"];
        assert_eq!(source.image_args(), expected);
    }

    #[test]
    fn directory_outside_of_any_project_is_a_usage_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = Workspace::find(Some(&directory.path().join("Cargo.toml"))).unwrap_err();
        assert_eq!(crate::error::exit_of(&error), Exit::Usage);
    }
}
