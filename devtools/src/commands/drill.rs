//! `cargo xtask drill`: runs clients while the service is disturbed, then checks their notes.

mod aws;
mod local;
mod tools;

use std::time::Duration;

use anyhow::Context;

use crate::{
    cli,
    drill::{Clients, Endpoints, Report, Target, disturb},
};
use xtask::{cargo::Profile, runtime, ui};

/// Just long enough for every disturbance.
const IN_CI: cli::DrillOptions = cli::DrillOptions { clients: 8, seconds: 10, json: false };

pub(crate) fn run(args: &cli::Drill) -> anyhow::Result<()> {
    match args {
        cli::Drill { tools: true, .. } => tools::run(args.profile, &args.options, args.fastmcp),
        cli::Drill { local: true, .. } => local::run(args.profile, &args.options),
        _ => aws::run(args),
    }
}

/// Runs the drills of CI: on this machine, with the build that the tests use.
pub(super) fn in_ci() -> anyhow::Result<()> {
    local::run(Profile::Dev, &IN_CI)?;
    tools::run(Profile::Dev, &IN_CI, false)
}

/// Runs the clients, injects all disturbances, and checks the clients' journals. Ctrl-C ends it. The caller cleans up
/// in either case.
async fn drill<T: Target + Endpoints>(
    target: &T,
    clients: &Clients<'_, T>,
    options: &cli::DrillOptions,
) -> anyhow::Result<Report> {
    let time = Duration::from_secs(options.seconds);
    ui::step(
        "drill",
        &format!("{} clients of two protocol versions, for at least {} s", options.clients, options.seconds),
    );
    or_interrupted(async {
        let disturbances = clients.work_during(time, disturb::disturb(target, time)).await?;
        ui::step("check", "stored notes against acknowledged ones");
        Ok(clients.report().await?.with_disturbances(disturbances))
    })
    .await
}

async fn or_interrupted<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime::or_interrupted(work, "rerun the drill: it starts from the beginning").await
}

fn present(report: &Report, json: bool) -> anyhow::Result<()> {
    let text =
        if json { serde_json::to_string(report).context("cannot serialize the report")? } else { report.table() };
    ui::result(&text);
    Ok(())
}
