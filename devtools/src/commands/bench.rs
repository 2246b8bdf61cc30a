//! `cargo xtask bench`: measures the service, beside what one would use instead or as it grows; the figures go to docs/bench.

mod compare;
mod growth;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::cli;
use xtask::{cargo, process, ui};

pub(crate) fn run(args: &cli::Bench) -> anyhow::Result<()> {
    if args.growth { growth::run(args) } else { compare::run(args) }
}

fn build() -> anyhow::Result<()> {
    let line = cargo::build_bench();
    ui::step("build", &line.to_string());
    process::run(&line)
}

/// Where the figures go.
fn docs(args: &cli::Bench) -> PathBuf {
    args.output.clone().unwrap_or_else(|| cargo::workspace_root().join("docs").join("bench"))
}

fn write<N: AsRef<str>>(docs: &Path, files: impl IntoIterator<Item = (N, String)>) -> anyhow::Result<()> {
    fs::create_dir_all(docs).with_context(|| format!("cannot make {}", docs.display()))?;
    for (name, text) in files {
        let path = docs.join(name.as_ref());
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
