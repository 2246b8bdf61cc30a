//! Our service alone on a stand-in, for what is measured beside nobody.

use std::path::Path;

use bench_load::{Surface, Work};

use super::{
    peer::{self, TOKEN},
    running::{Ask, Running},
    store::Store,
};
use xtask::cargo;

/// Where the binaries are, and where their logs go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours<'a> {
    pub(crate) target: &'a Path,
    pub(crate) directory: &'a Path,
}

impl Ours<'_> {
    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        Store::start(&cargo::release_binary(self.target, "bench-store"), &self.directory.join("store.log"))
    }

    /// A replica as it is deployed, its table at the stand-in.
    pub(crate) fn start(&self, store: &Store) -> anyhow::Result<Running> {
        let binary = cargo::release_binary(self.target, "mcp-stateful");
        let line = |port| Ok(peer::ours_at(&binary, port, &store.endpoint()));
        let ask = Ask { surface: Surface::Mcp2026, work: Work::EchoHot, token: Some(TOKEN) };
        Running::start(line, ask, &self.directory.join("ours.log"))
    }
}
