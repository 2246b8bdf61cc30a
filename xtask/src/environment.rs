//! The one module that reads environment variables.
//!
//! Must not write any. The variables of a child process are set in its command line.

#![expect(clippy::disallowed_methods, reason = "the module to which the rule points")]

use std::{ffi::OsString, path::PathBuf, time::Duration};

/// `MCP_LOCAL_DIR`: the directory of local deployments, instead of the platform's data directory.
pub(crate) fn local_dir() -> Option<PathBuf> {
    set("MCP_LOCAL_DIR").map(PathBuf::from)
}

/// `MCP_DEPLOY_DIR`: the directory of what this machine knows of deployments on AWS, instead of the platform's data
/// directory.
pub(crate) fn deploy_dir() -> Option<PathBuf> {
    set("MCP_DEPLOY_DIR").map(PathBuf::from)
}

/// A variable of the AWS SDKs, unless it is blank. The SDKs read the others themselves.
pub(crate) fn aws(name: &str) -> Option<String> {
    let value = set(name)?.into_string().ok()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// `ALL_PROXY` by the names that Go's programs read: `HTTPS_PROXY` and `HTTP_PROXY`, where these are not set.
pub(crate) fn all_proxy() -> Vec<(&'static str, OsString)> {
    let Some(proxy) = set("ALL_PROXY").or_else(|| set("all_proxy")) else { return Vec::new() };
    let unset = [("HTTPS_PROXY", "https_proxy"), ("HTTP_PROXY", "http_proxy")]
        .into_iter()
        .filter(|(upper, lower)| set(upper).is_none() && set(lower).is_none());
    unset.map(|(upper, _)| (upper, proxy.clone())).collect()
}

/// `MCP_CREDENTIALS_TIMEOUT`: the longest wait for AWS credentials, in seconds, instead of a minute.
pub(crate) fn credentials_timeout() -> Option<Duration> {
    Some(Duration::from_secs(set("MCP_CREDENTIALS_TIMEOUT")?.to_str()?.parse().ok()?))
}

/// `MCP_AUTH_TOKEN`: the bearer token for `smoke --url`.
pub(crate) fn auth_token() -> Option<String> {
    set("MCP_AUTH_TOKEN")?.into_string().ok()
}

/// The variable that `[secrets]` of an environment's file names.
pub(crate) fn referenced(name: &str) -> Option<String> {
    set(name)?.into_string().ok()
}

/// `MCP_XTASK`: set by `cargo xtask` for the deployer that it starts, which then names commands as it does.
pub(crate) const STARTED_BY_ALIAS: &str = "MCP_XTASK";

/// Returns true if `cargo xtask` has started this process.
pub(crate) fn is_started_by_alias() -> bool {
    set(STARTED_BY_ALIAS).is_some()
}

/// `CI`: true if a check that was skipped counts as failed.
pub fn is_ci() -> bool {
    set("CI").is_some_and(|ci| ci == "true")
}

/// `NO_COLOR`: any value turns colours off.
pub(crate) fn no_color() -> bool {
    set("NO_COLOR").is_some()
}

/// `CARGO`: the cargo that started this process, or else the one on the path.
pub fn cargo() -> OsString {
    set("CARGO").unwrap_or_else(|| "cargo".into())
}

/// `CARGO_HOME`: the directory in which cargo keeps the sources of dependencies.
pub(crate) fn cargo_home() -> PathBuf {
    set("CARGO_HOME").map(PathBuf::from).or_else(|| Some(dirs::home_dir()?.join(".cargo"))).unwrap_or_default()
}

/// `CARGO_ENCODED_RUSTFLAGS`, or else `RUSTFLAGS`: the user's flags for rustc.
pub(crate) fn rustflags() -> Vec<OsString> {
    let flags = |name, separator| {
        let flags = set(name)?.into_string().ok()?;
        Some(flags.split(separator).filter(|flag| !flag.is_empty()).map(OsString::from).collect())
    };
    flags("CARGO_ENCODED_RUSTFLAGS", '\u{1f}').or_else(|| flags("RUSTFLAGS", ' ')).unwrap_or_default()
}

/// `CFLAGS`, `CXXFLAGS` and their forms for a host or a target: flags for the compilers of C that build scripts start.
pub(crate) fn c_flags() -> Vec<(OsString, String)> {
    let is_flags =
        |name: &OsString| name.to_str().is_some_and(|name| name.contains("CFLAGS") || name.contains("CXXFLAGS"));
    let flags = std::env::vars_os().filter(|(name, _)| is_flags(name));
    flags.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect()
}

/// `PATH`, to extend it for one child process.
pub fn path() -> OsString {
    set("PATH").unwrap_or_default()
}

/// Returns the names of variables that `cargo run` sets and that a nested cargo must not inherit: build scripts that
/// watch them would run again, and with them half of the build.
pub(crate) fn set_by_cargo_run() -> Vec<OsString> {
    let is_cargos = |name: &str| {
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_BIN_")
    };
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_str().is_some_and(is_cargos)).collect()
}

/// Returns the names of all variables that begin with a prefix.
pub(crate) fn names_with_prefix(prefix: &str) -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.as_encoded_bytes().starts_with(prefix.as_bytes())).collect()
}

/// Returns the arguments of this process, without its name.
pub fn own_arguments() -> Vec<OsString> {
    std::env::args_os().skip(1).collect()
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
