//! A deploy of changed code, without a change to any source file. Wrappers around cargo and git change the binary and
//! make the checkout dirty, so that the deploy builds instead of reusing the image in the registry.

use std::ffi::OsString;

use xtask::{cargo, environment, process::CommandLine};

/// Makes a deploy build as it would after a change of the code.
pub(super) fn with_changed_code(deploy: CommandLine) -> CommandLine {
    let wrappers = cargo::workspace_root().join("devtools").join("rehearsal");
    let mut path = OsString::from(wrappers.join("changed"));
    path.push(":");
    path.push(environment::path());
    deploy
        .env("CARGO", wrappers.join("cargo-changed"))
        .env("REHEARSED_CARGO", environment::cargo())
        .env("PATH", path)
        .env("REHEARSED_PATH", environment::path())
}
