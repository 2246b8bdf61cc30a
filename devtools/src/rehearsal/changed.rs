//! A deploy of code that was changed, without a change to any source: cargo is another, which makes the binary another, and
//! git finds files that differ, so that the deploy does not take the revision for one that is in the registry.

use crate::quick_build::Quick;
use xtask::{cargo, environment, process::CommandLine};

use super::paths::Place;

/// A deploy by cargo, as it would be after a change of the code.
pub(super) fn after_a_change(deploy: CommandLine, place: &Place) -> anyhow::Result<CommandLine> {
    let cargo = cargo::workspace_root().join("devtools").join("rehearsal").join("cargo-changed");
    Ok(deploy
        .env("CARGO", cargo)
        .env("REHEARSED_CARGO", environment::cargo())
        .env("REHEARSED_BINARY", Quick::find()?.binary()?)
        // An index that lists nothing: to git all files differ.
        .env("GIT_INDEX_FILE", place.scratch().join("no-index")))
}
