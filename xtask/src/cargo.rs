//! Command lines of cargo. [`build`] runs them and returns what they built.

pub mod build;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use serde::Deserialize;

use crate::{
    environment,
    process::{self, CommandLine},
};

/// The root of the checkout that this program was compiled from. An installed deployer may outlive it, so it is for
/// developers' commands and tests only.
pub fn workspace_root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// A cargo command in the checkout.
pub fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> CommandLine {
    CommandLine::new(environment::cargo())
        .args(args)
        .directory(workspace_root())
        .without_env(environment::set_by_cargo_run())
}

/// The name of the service's executable.
pub const SERVICE: &str = "mcp-stateful";

/// Build profile of the service, named as in cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Quick to build, slower to run.
    Dev,
    /// Optimized, as deployed on AWS.
    Release,
}

impl Profile {
    /// The profile's effect, and how to get the other one.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Dev => "quick build, not optimized; for the optimized one add --profile release",
            Self::Release => "optimized build; for a quick one add --profile dev",
        }
    }
}

/// The features of the alias `cargo xtask` in `.cargo/config.toml`. A build with the same features compiles only what
/// is new. Credentials of IAM Identity Center are left out: a local deployment has its store inside.
const FIRST_BUILD: [&str; 3] = ["--no-default-features", "--features", "mcp-stateful/embedded,xtask/alias"];

/// Builds the service of the checkout.
pub fn build_service(profile: Profile) -> CommandLine {
    service_build(workspace_root(), profile)
}

/// Builds the service in a copy of this repository. The profile `dev` is built with the features of `cargo xtask`, so
/// that nothing is compiled twice.
pub(crate) fn service_build(root: &Path, profile: Profile) -> CommandLine {
    match profile {
        Profile::Dev => cargo(["build", "--locked", "--bin", SERVICE]).args(FIRST_BUILD),
        Profile::Release => cargo(["build", "--release", "--locked", "--package", SERVICE]),
    }
    .directory(root)
}

/// Builds the store that services are measured on, with the features of the tests. It is not measured itself.
pub fn build_store() -> CommandLine {
    cargo(["build", "--workspace", "--locked", "--bin", "bench-store", "--example", "conformance-fixture"])
}

/// Builds an example of the service with the features of the tests, so that it is compiled once.
pub fn build_example(name: &str) -> CommandLine {
    cargo(["build", "--workspace", "--locked", "--example", name])
}

/// Builds the deployer with the AWS SDK.
pub fn build_full_deployer() -> CommandLine {
    cargo(["build", "--locked", "--bin", "mcp-deploy"]).args(FIRST_BUILD).args(["--features", "xtask/aws"])
}

/// Builds the developers' commands, with the features that the workspace's tests have.
pub fn build_devtools() -> CommandLine {
    build_as_tests_do("devtools")
}

/// Builds the deployer with the AWS SDK, with the features that the workspace's tests have.
pub fn build_tested_deployer() -> CommandLine {
    build_as_tests_do("mcp-deploy")
}

/// Builds a binary. The example makes cargo choose the features of the tests, so that nothing is compiled twice.
fn build_as_tests_do(binary: &str) -> CommandLine {
    cargo(["build", "--workspace", "--locked", "--bin", binary, "--example", "conformance-fixture"])
}

/// Builds the service, its load generator and the servers that it is compared with, in one call that shares
/// dependencies.
pub fn build_bench() -> CommandLine {
    let packages = ["--package", "mcp-stateful", "--package", "bench-load", "--package", "bench-servers"];
    cargo(["build", "--release", "--locked"]).args(packages)
}

/// Returns cargo's target directory, for logs and tools. Executables may be elsewhere; [`build::run`] finds them.
pub fn target_directory() -> anyhow::Result<PathBuf> {
    let metadata = process::read(&cargo(["metadata", "--format-version", "1", "--no-deps", "--offline"]))?;
    parse_target_directory(&metadata)
}

fn parse_target_directory(metadata: &str) -> anyhow::Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let metadata: Metadata = serde_json::from_str(metadata).context("cannot read the output of `cargo metadata`")?;
    Ok(metadata.target_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_is_built_from_the_lock_file() {
        let line = |profile| build_service(profile).to_string();
        assert!(line(Profile::Release).ends_with(" build --release --locked --package mcp-stateful"));
        assert!(line(Profile::Dev).contains(" build --locked --bin mcp-stateful "));
    }

    #[test]
    fn target_directory_comes_from_cargo() {
        let target = parse_target_directory(r#"{"packages":[],"target_directory":"/elsewhere","version":1}"#).unwrap();
        assert_eq!(target, Path::new("/elsewhere"));
    }
}
