//! A deploy of changed code, without a change to any source file. A wrapper around cargo changes the binary, and an
//! empty git index makes the checkout dirty, so that the deploy builds instead of reusing the image in the registry.

use crate::quick_build::Quick;
use xtask::{cargo, environment, process::CommandLine};

use super::paths::Paths;

/// Makes a deploy build as it would after a change of the code.
pub(super) fn with_changed_code(deploy: CommandLine, paths: &Paths) -> anyhow::Result<CommandLine> {
    let cargo = cargo::workspace_root().join("devtools").join("rehearsal").join("cargo-changed");
    Ok(deploy
        .env("CARGO", cargo)
        .env("REHEARSED_CARGO", environment::cargo())
        .env("REHEARSED_BINARY", Quick::find()?.binary()?)
        // Does not exist, so git sees every file as changed.
        .env("GIT_INDEX_FILE", paths.scratch().join("no-index")))
}
