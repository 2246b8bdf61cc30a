//! `cargo xtask drill`: clients at work while the service is disturbed, and what became of their notes.

mod aws;
mod local;

use std::time::Duration;

use anyhow::Context;

use crate::{
    cli,
    drill::{Crew, Door, Report, Stage, disturb},
};
use xtask::{cargo::Profile, runtime, ui};

/// Long enough for everything to happen that does, and no longer.
const IN_CI: cli::DrillOptions = cli::DrillOptions { clients: 8, seconds: 10, json: false };

pub(crate) fn run(args: &cli::Drill) -> anyhow::Result<()> {
    if args.local { local::run(args.profile, &args.options) } else { aws::run(args) }
}

/// As CI has it: on this machine, with the build that the tests have made.
pub(super) fn in_ci() -> anyhow::Result<()> {
    local::run(Profile::Dev, &IN_CI)
}

/// Clients work, everything happens that a stage can play, and the clients' journals are compared with what is stored. Ctrl-C
/// ends it; who has something to put right then does it afterwards.
async fn drill<S: Stage + Door>(stage: &S, crew: &Crew<'_, S>, options: &cli::DrillOptions) -> anyhow::Result<Report> {
    let time = Duration::from_secs(options.seconds);
    ui::step("drill", &format!("{} clients of both eras, for {} s or longer", options.clients, options.seconds));
    or_interrupted(async {
        let disturbances = crew.work_while(time, disturb::disturb(stage, time)).await?;
        ui::step("compare", "what is stored with what was acknowledged");
        Ok(crew.report().await?.under(disturbances))
    })
    .await
}

async fn or_interrupted<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime::or_interrupted(work, "a drill has nothing to go on from: the next one begins anew").await
}

fn present(report: &Report, json: bool) -> anyhow::Result<()> {
    let text =
        if json { serde_json::to_string(report).context("cannot put the report in writing")? } else { report.table() };
    ui::result(&text);
    Ok(())
}
