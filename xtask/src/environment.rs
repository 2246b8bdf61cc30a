//! The one door to the environment: which variables we read, and what they mean.
//!
//! Must not write to it; what a child process gets is in the line that starts it.

#![expect(clippy::disallowed_methods, reason = "this is the module that the rule sends everybody else to")]

use std::{ffi::OsString, path::PathBuf};

/// `MCP_LOCAL_DIR`: where local deployments live, instead of the platform's data directory.
pub(crate) fn local_dir() -> Option<PathBuf> {
    set("MCP_LOCAL_DIR").map(PathBuf::from)
}

/// `MCP_DEPLOY_DIR`: where what we know of deployments on AWS lives, instead of the platform's data directory.
pub(crate) fn deploy_dir() -> Option<PathBuf> {
    set("MCP_DEPLOY_DIR").map(PathBuf::from)
}

/// `AWS_ENDPOINT_URL`, which the SDK and Terraform's provider read themselves: whether AWS is somewhere else than at AWS.
pub(crate) fn aws_is_elsewhere() -> bool {
    set("AWS_ENDPOINT_URL").is_some() || set("AWS_ENDPOINT_URL_S3").is_some()
}

/// `MCP_AUTH_TOKEN`: the bearer token for `smoke --url`.
pub(crate) fn auth_token() -> Option<String> {
    set("MCP_AUTH_TOKEN")?.into_string().ok()
}

/// `CI`: whether what could not be checked counts as failed.
pub fn is_ci() -> bool {
    set("CI").is_some_and(|ci| ci == "true")
}

/// `NO_COLOR`: set to anything, it turns colours off.
pub(crate) fn no_color() -> bool {
    set("NO_COLOR").is_some()
}

/// `CARGO`: the cargo that runs us; found on the path when somebody starts the binary by hand.
pub fn cargo() -> OsString {
    set("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The compiler and its arguments, if the variable says that cargo started us to wrap it.
pub fn compiler_to_wrap(variable: &str) -> Option<(OsString, Vec<OsString>)> {
    set(variable)?;
    let mut args = std::env::args_os().skip(1);
    Some((args.next()?, args.collect()))
}

/// `CARGO_HOME`: where cargo keeps the sources of what we depend on.
pub(crate) fn cargo_home() -> PathBuf {
    set("CARGO_HOME").map(PathBuf::from).or_else(|| Some(dirs::home_dir()?.join(".cargo"))).unwrap_or_default()
}

/// `CARGO_ENCODED_RUSTFLAGS`, else `RUSTFLAGS`: what the user wants rustc to be told, flag by flag.
pub(crate) fn rustflags() -> Vec<OsString> {
    let flags = |name, separator| {
        let flags = set(name)?.into_string().ok()?;
        Some(flags.split(separator).filter(|flag| !flag.is_empty()).map(OsString::from).collect())
    };
    flags("CARGO_ENCODED_RUSTFLAGS", '\u{1f}').or_else(|| flags("RUSTFLAGS", ' ')).unwrap_or_default()
}

/// `PATH`, to put a directory in front of it for one child.
pub fn path() -> OsString {
    set("PATH").unwrap_or_default()
}

/// Names that `cargo run` sets for us and that a cargo below us must not inherit: build scripts which watch them would run
/// again, and with them half of the build.
pub(crate) fn set_by_cargo_run() -> Vec<OsString> {
    let ours = |name: &str| {
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_BIN_")
    };
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_str().is_some_and(ours)).collect()
}

/// The arguments of this process, without its own name.
pub fn own_arguments() -> Vec<OsString> {
    std::env::args_os().skip(1).collect()
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
