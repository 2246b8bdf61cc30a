//! `cargo xtask deploy --local`: named steps, each of which takes the results of earlier ones.
//!
//! Rerunning it replaces the running service and keeps its notes, also after an interruption.

mod present;
mod rollback;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use self::{
    present::{Deployed, present},
    rollback::{ended, roll_back},
};
use crate::{
    cargo::{Profile, build},
    cli,
    environments::{Environment, Place},
    error::{ErrorExt, Exit},
    local::{
        check,
        home::Home,
        launch::{self, Started},
        preflight::{self, PreflightResult},
        ready::Outcome,
        record::{self, Launch, Record},
        secrets::Secrets,
        service, stage,
        stop::{self, Stopped},
        token,
    },
    runtime,
    smoke::{self, Report, Target},
    source::{Identity, Source},
    token::Token,
    ui,
};

/// Lines of the log in an error.
const LOG_LINES: usize = 20;

/// The port if neither the command line nor the settings name one.
const DEFAULT_PORT: u16 = 3333;

pub(crate) fn run(args: &cli::Deploy) -> anyhow::Result<()> {
    let source = Source::find(&args.source)?;
    let home = Home::open(&args.which.project)?;

    let (checked, environment, named) = run_preflight(&home, &source, args)?;
    let identity = source.identity();
    let built = build(&source, &identity, args.profile)?;
    let staged = stage(&home, &built)?;
    let versions = Versions::find(&home, named, checked.running.as_ref())?;
    let launch = Launch {
        port: checked.port,
        metrics: checked.metrics,
        revision: identity.revision.clone(),
        source: Some(identity.describe()),
        settings: environment.settings.clone(),
        environment: environment.variables_of_process(),
        secrets: versions.new.tools.keys().cloned().collect(),
    };
    check::settings(&home, &staged, &launch, &versions.new, &environment.file())?;
    let (record, took) = match replace(&home, &checked, &staged, &launch, &versions.new) {
        Ok(ready) => ready,
        Err(failure) => return Err(roll_back(&home, checked.running.as_ref(), &versions.previous, failure)),
    };
    token::save(&home, &versions.new.token).exit_code(Exit::Apply)?;
    let report = run_smoke_test(&record, &versions.new.token)?;

    stage::prune(&home, &staged, checked.running.as_ref());
    present(&Deployed::new(&args.which.project, &home, &record, took, &report), args)?;
    require_green(&report)
}

/// Reads the settings and checks the machine. Prints the settings, and those of the shell that do not count.
fn run_preflight(
    home: &Home,
    source: &Source,
    args: &cli::Deploy,
) -> anyhow::Result<(PreflightResult, Environment, Named)> {
    let mut problems = Vec::new();
    let (workspace, name) = (source.workspace(), args.environment.as_ref());
    let mut environment = Environment::load(workspace, name, Environment::LOCAL, Place::Local, &mut problems);
    let settings: Vec<String> = environment.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let file = service::take_ports(&mut environment, &mut problems);
    let named = Named { token: environment.token(&mut problems), tools: environment.read_tool_secrets(&mut problems) };
    let tools = environment.tool_variables.iter().map(|(name, value)| format!("{name}={value}"));
    let tools: Vec<String> = tools.chain(named.tools.keys().map(|name| format!("the secret {name}"))).collect();
    ui::step("settings", &[&[environment.source()], &settings[..], &tools[..]].concat().join(", "));
    let ignored = service::ignored_variables();
    if !ignored.is_empty() {
        let (names, file) = (ignored.join(", "), environment.file());
        ui::warning(&format!("not used: {names} in the shell; the settings of this deployment are in {file}"));
    }
    let port = args.port.or(file.service).unwrap_or(DEFAULT_PORT);
    let checked = preflight::check(home, source, port, args.metrics_port.or(file.metrics), problems)?;
    warn_about_another_package(&checked, source, args);
    Ok((checked, environment, named))
}

/// A deployment of another package is probably another service, which should not be replaced by mistake.
fn warn_about_another_package(checked: &PreflightResult, source: &Source, args: &cli::Deploy) {
    let running = checked.running.as_ref().and_then(|record| record.launch.package());
    if let Some(other) = running.filter(|package| *package != source.name()) {
        let (project, name) = (&args.which.project, source.name());
        ui::warning(&format!(
            "{name} replaces {other} in the deployment {project} and takes over its notes; --project NAME makes a \
             deployment of its own"
        ));
    }
}

/// Builds the server. Cargo shows its own progress.
fn build(source: &Source, identity: &Identity, profile: Profile) -> anyhow::Result<PathBuf> {
    ui::step("source", &format!("{} in {}", identity.describe(), source.directory().display()));
    ui::step("build", profile.describe());
    build::executable_of(&source.build_local(profile), source.binary())
        .context("the service does not build; the running deployment was not changed")
        .exit_code(Exit::Build)
}

fn stage(home: &Home, built: &Path) -> anyhow::Result<PathBuf> {
    let staged = stage::stage(home, built).exit_code(Exit::Apply)?;
    ui::step("stage", &staged.display().to_string());
    Ok(staged)
}

/// The secrets that the settings name.
struct Named {
    token: Option<Token>,
    tools: BTreeMap<String, Token>,
}

/// The secrets of the new version, and those of the running one.
struct Versions {
    new: Secrets,
    previous: Secrets,
}

impl Versions {
    /// Chooses the token that the settings refer to, or else the deployment's own, which is created once.
    fn find(home: &Home, named: Named, running: Option<&Record>) -> anyhow::Result<Self> {
        let previous = token::load(home).exit_code(Exit::Apply)?;
        let token = match named.token {
            Some(token) => token,
            None => token::load_or_make(home).exit_code(Exit::Apply)?,
        };
        let new = Secrets { token, tools: named.tools };
        let previous = previous.unwrap_or_else(|| new.token.clone());
        Ok(Self { previous: Secrets::of_running(running, previous, &new), new })
    }
}

/// Stops the running version, starts the new one, and waits until it is ready.
fn replace(
    home: &Home,
    checked: &PreflightResult,
    staged: &Path,
    launch: &Launch,
    secrets: &Secrets,
) -> anyhow::Result<(Record, Duration)> {
    stop_previous(home, checked)?;
    wait_until_ready(home, start(home, staged, launch, secrets)?)
}

fn stop_previous(home: &Home, checked: &PreflightResult) -> anyhow::Result<()> {
    let recorded = checked.running.as_ref().map(|record| &record.identity);
    if recorded.is_none() && checked.strays.is_empty() {
        ui::step("replace", "nothing runs yet");
    }
    for identity in recorded.into_iter().chain(&checked.strays) {
        let step = ui::begin("replace");
        step.status(&format!("waiting for process {} to end", identity.pid));
        step.done(&match stop::stop(identity)? {
            Stopped::Gracefully(took) => format!("process {} ended after {} ms", identity.pid, took.as_millis()),
            Stopped::Killed => format!("process {} was killed", identity.pid),
            Stopped::WasGone => format!("process {} had ended", identity.pid),
        });
    }
    record::remove(home)
}

/// Starts the new version.
fn start(home: &Home, staged: &Path, launch: &Launch, secrets: &Secrets) -> anyhow::Result<Started> {
    let started = launch::start(home, staged, launch, secrets)?;
    ui::step("start", &format!("process {} at {}", started.record.identity.pid, started.record.url));
    Ok(started)
}

/// Waits until the new version is ready. The error is the reason why it is not, with the end of its log.
fn wait_until_ready(home: &Home, mut started: Started) -> anyhow::Result<(Record, Duration)> {
    let step = ui::begin("ready");
    step.status(&format!("waiting for {}/readyz", started.record.url));
    let reason = match started.ready()? {
        Outcome::Ready(took) => {
            step.done(&format!("after {} ms", took.as_millis()));
            return Ok((started.record, took));
        }
        Outcome::Exited(status) => format!("the service ended before it was ready, {}", ended(status)),
        Outcome::TimedOut(last) => {
            stop::stop(&started.record.identity)?;
            format!("the service was not ready in time and was stopped; its last response: {last}")
        }
    };
    record::remove(home)?;
    let lines = started.last_lines(LOG_LINES);
    Err(anyhow!("{reason}{}", lines.iter().fold(String::new(), |all, line| format!("{all}\n  | {line}"))))
}

fn run_smoke_test(record: &Record, token: &Token) -> anyhow::Result<Report> {
    let step = ui::begin("smoke");
    let target = Target::new(&record.url).with_token(token.reveal()).with_revision(&record.launch.revision);
    let report = runtime::wait_for(smoke::run(&target))??;
    step.done(&report.summary());
    if !report.is_green() {
        ui::progress(&report.table());
    }
    Ok(report)
}

/// Fails unless every smoke check passed.
fn require_green(report: &Report) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    Err(anyhow!("the service is running but failed its smoke test: {}", report.summary())
        .hint("rerun `cargo xtask smoke --local`, or deploy a revision that works")
        .exit_code(Exit::Smoke))
}
