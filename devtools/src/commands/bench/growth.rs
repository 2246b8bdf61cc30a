//! Measures the service alone, with more and more notes, sessions and replicas.

use std::path::Path;

use super::{build, write};
use crate::{
    bench::{
        growth::{chart, figures::Growth, notes, replicas, report, sessions, setup::Setup},
        machine::{self, Machine},
        schedule,
    },
    cli,
};
use xtask::{cargo, revision, timestamp, ui};

pub(crate) fn run(args: &cli::Bench) -> anyhow::Result<()> {
    let built = build()?;
    let directory = schedule::directory(&cargo::target_directory()?)?;
    let growth = measure(&Setup { built: &built, directory: &directory })?;
    let docs = super::docs(args);
    write(&docs, [("growth.json", serde_json::to_string_pretty(&growth)? + "\n")])?;
    write_page(&docs, &growth)?;
    ui::result(&format!("figures, page and charts are in {}", docs.display()));
    Ok(())
}

pub(super) fn write_page(docs: &Path, growth: &Growth) -> anyhow::Result<()> {
    write(docs, [("growth.md", report::page(growth))])?;
    for axis in &growth.axes {
        write(docs, [(axis.dimension.file(), chart::chart(growth, axis)?)])?;
    }
    Ok(())
}

fn measure(setup: &Setup<'_>) -> anyhow::Result<Growth> {
    let mut machine = Machine::detect()?;
    let date = timestamp::rfc3339(timestamp::now());
    let axes = vec![notes::measure(setup)?, sessions::measure(setup)?, replicas::measure(setup)?];
    machine.load_after = machine::load_average();
    Ok(Growth { date, revision: revision::of_checkout(), machine, axes })
}
