//! `cargo xtask deploy --local`: named steps, each of which takes what the last one returned.
//!
//! Running it again replaces the running service and keeps its notes; so does running it after any kind of interruption.

mod present;
mod rollback;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use self::{
    present::{Deployed, present},
    rollback::{ended, put_back},
};
use crate::{
    cargo::{self, Profile},
    cli,
    error::{ErrorExt, Exit},
    local::{
        home::Home,
        launch::{self, Launch, Started},
        log,
        preflight::{self, PreflightResult},
        ready::Outcome,
        record::{self, Record},
        stage,
        stop::{self, Stopped},
        token,
    },
    process, revision, runtime,
    smoke::{self, Report, Target},
    token::Token,
    ui,
};

/// How much of the log an error shows.
const LOG_LINES: usize = 20;

pub(crate) fn run(args: &cli::Deploy) -> anyhow::Result<()> {
    let home = Home::of(&args.which.project)?;

    let ground = preflight(&home, args)?;
    let built = build(args.profile)?;
    let staged = stage(&home, &built)?;
    let token = token::load_or_make(&home).exit_code(Exit::Apply)?;
    let launch = Launch { port: ground.port, metrics: ground.metrics, revision: revision::of_checkout() };
    let previous = replace(&home, &ground)?;
    let started = start(&home, &staged, &launch, previous.as_ref(), &token)?;
    let (record, took) = ready(&home, started, previous.as_ref(), &token)?;
    let report = smoke(&record, &token)?;

    stage::prune(&home, &staged, previous.as_ref());
    present(&Deployed::new(&args.which.project, &home, &record, took, &report), &record, &token, args.json)?;
    green(&report)
}

fn preflight(home: &Home, args: &cli::Deploy) -> anyhow::Result<PreflightResult> {
    ui::step("preflight", &home.root().display().to_string());
    preflight::check(home, args.port, args.metrics_port)
}

fn build(profile: Profile) -> anyhow::Result<PathBuf> {
    let line = cargo::build_service(profile);
    ui::step("build", &line.to_string());
    process::run(&line).context("the service does not build; what runs was left alone").exit_code(Exit::Build)?;
    Ok(cargo::service_binary(&cargo::target_directory()?, profile))
}

fn stage(home: &Home, built: &Path) -> anyhow::Result<PathBuf> {
    let staged = stage::stage(home, built).exit_code(Exit::Apply)?;
    ui::step("stage", &staged.display().to_string());
    Ok(staged)
}

/// Stops what runs, and returns it if there should be a way back to it.
fn replace(home: &Home, ground: &PreflightResult) -> anyhow::Result<Option<Record>> {
    let recorded = ground.running.as_ref().map(|record| &record.identity);
    if recorded.is_none() && ground.strays.is_empty() {
        ui::step("replace", "nothing runs yet");
    }
    for identity in recorded.into_iter().chain(&ground.strays) {
        let how = match stop::stop(identity)? {
            Stopped::Gracefully(took) => format!("process {} ended after {} ms", identity.pid, took.as_millis()),
            Stopped::Killed => format!("process {} was killed", identity.pid),
            Stopped::WasGone => format!("process {} had ended", identity.pid),
        };
        ui::step("replace", &how);
    }
    record::remove(home).exit_code(Exit::Apply)?;
    Ok(ground.running.clone())
}

/// Starts the new version; when that is not possible, puts the previous one back.
fn start(
    home: &Home,
    staged: &Path,
    launch: &Launch,
    previous: Option<&Record>,
    token: &Token,
) -> anyhow::Result<Started> {
    let started =
        launch::start(home, staged, launch, token).map_err(|failed| put_back(home, previous, token, failed))?;
    ui::step("start", &format!("process {} at {}", started.record.identity.pid, started.record.url));
    Ok(started)
}

/// Waits for the service; when it does not come up, puts the previous one back.
fn ready(
    home: &Home,
    mut started: Started,
    previous: Option<&Record>,
    token: &Token,
) -> anyhow::Result<(Record, Duration)> {
    let why = match started.ready()? {
        Outcome::Ready(took) => {
            ui::step("ready", &format!("after {} ms", took.as_millis()));
            return Ok((started.record, took));
        }
        Outcome::Exited(status) => format!("the service ended before it was ready, {}", ended(status)),
        Outcome::TimedOut(last) => {
            stop::stop(&started.record.identity)?;
            format!("the service was not ready in time and was stopped; it last said: {last}")
        }
    };
    let lines = log::tail(home, started.log_offset, LOG_LINES);
    let failed = anyhow!("{why}{}", lines.iter().fold(String::new(), |all, line| format!("{all}\n  | {line}")));
    record::remove(home)?;
    Err(put_back(home, previous, token, failed))
}

fn smoke(record: &Record, token: &Token) -> anyhow::Result<Report> {
    let target = Target::new(&record.url).with_token(token.reveal()).with_revision(&record.launch.revision);
    let report = runtime::wait_for(smoke::run(&target))??;
    ui::step("smoke", &report.summary());
    if !report.is_green() {
        ui::progress(&report.table());
    }
    Ok(report)
}

fn green(report: &Report) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    Err(anyhow!("the service runs, and does not do all that it should: {}", report.summary()))
        .hint("run `cargo xtask smoke --local` to see it again, or deploy a revision that works")
        .exit_code(Exit::Smoke)
}
