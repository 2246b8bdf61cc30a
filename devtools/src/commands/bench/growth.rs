//! The service alone, with more and more notes, sessions and replicas.

use super::{build, write};
use crate::{
    bench::{
        growth::{chart, figures::Growth, notes, page, replicas, sessions},
        machine::{self, Machine},
        schedule,
        service::Ours,
    },
    cli,
};
use xtask::{cargo, revision, timestamp, ui};

pub(crate) fn run(args: &cli::Bench) -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    build()?;
    let directory = schedule::directory(&target)?;
    let growth = measure(&Ours { target: &target, directory: &directory })?;
    let docs = super::docs(args);
    let figures = serde_json::to_string_pretty(&growth)? + "\n";
    write(&docs, [("growth.json", figures), ("growth.md", page::page(&growth))])?;
    write(&docs, growth.axes.iter().map(|axis| (axis.grows.file(), chart::chart(&growth, axis))))?;
    ui::result(&format!("all figures are in {}", docs.display()));
    Ok(())
}

fn measure(ours: &Ours<'_>) -> anyhow::Result<Growth> {
    let mut machine = Machine::look()?;
    let date = timestamp::rfc3339(timestamp::now());
    let axes = vec![notes::measure(ours)?, sessions::measure(ours)?, replicas::measure(ours)?];
    machine.load_after = machine::load_average();
    Ok(Growth { date, revision: revision::of_checkout(), machine, axes })
}
