//! `cargo xtask bench`: measures the service next to its alternatives, or as it grows, and writes docs/bench.

mod compare;
mod growth;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::de::DeserializeOwned;

use crate::cli;
use xtask::{
    cargo::{
        self,
        build::{self, Built},
    },
    error::ErrorExt,
    ui,
};

pub(crate) fn run(args: &cli::Bench) -> anyhow::Result<()> {
    match args {
        cli::Bench { redraw: true, .. } => redraw(&docs(args)),
        cli::Bench { growth: true, .. } => growth::run(args),
        _ => compare::run(args),
    }
}

/// Writes pages and charts again from the kept figures, without measuring.
fn redraw(docs: &Path) -> anyhow::Result<()> {
    compare::write_page(docs, &read(docs, "results.json")?)?;
    growth::write_page(docs, &read(docs, "growth.json")?)?;
    ui::result(&format!("pages and charts are in {}", docs.display()));
    Ok(())
}

fn build() -> anyhow::Result<Built> {
    let line = cargo::build_bench();
    ui::step("build", &line.to_string());
    build::run(&line)
}

/// The directory for the figures, pages and charts.
fn docs(args: &cli::Bench) -> PathBuf {
    args.output.clone().unwrap_or_else(|| cargo::workspace_root().join("docs").join("bench"))
}

fn read<T: DeserializeOwned>(docs: &Path, name: &str) -> anyhow::Result<T> {
    let path = docs.join(name);
    let text = fs::read(&path)
        .with_context(|| format!("cannot read {}", path.display()))
        .hint("run `cargo xtask bench` and `cargo xtask bench --growth` to measure first")?;
    serde_json::from_slice(&text).with_context(|| format!("cannot parse {}", path.display()))
}

fn write<N: AsRef<str>>(docs: &Path, files: impl IntoIterator<Item = (N, String)>) -> anyhow::Result<()> {
    fs::create_dir_all(docs).with_context(|| format!("cannot create {}", docs.display()))?;
    for (name, text) in files {
        let path = docs.join(name.as_ref());
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
