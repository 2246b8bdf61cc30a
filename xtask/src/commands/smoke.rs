//! `cargo xtask smoke`: checks a running service and prints the report. The exit code is its result.

#[cfg(feature = "aws")]
pub(super) mod aws;

use anyhow::{Context, anyhow};

use crate::{
    cli, environment,
    error::{ErrorExt, Exit},
    local::{home::Home, identity, record, token},
    problem::Problem,
    runtime,
    smoke::{self, Report, Target},
    ui,
};

/// Checks the deployment on this machine.
pub(super) fn local(args: &cli::Smoke) -> anyhow::Result<()> {
    let report = check(&local_target(args)?, args)?;
    let start = format!("start it with `cargo xtask deploy --local{}`", args.which.project.flag());
    conclude(&report, None, &start)
}

/// Checks the service at an address.
pub(super) fn url(args: &cli::Smoke) -> anyhow::Result<()> {
    let report = check(&url_target(args.url.as_deref().unwrap_or_default(), args)?, args)?;
    conclude(&report, None, "check the address and that the service runs; `cargo xtask deploy --local` starts one here")
}

/// Runs every check and prints the report.
fn check(target: &Target, args: &cli::Smoke) -> anyhow::Result<Report> {
    let step = ui::begin("smoke");
    step.status(&format!("checking {}", target.url()));
    let report = runtime::until_interrupted(smoke::run(target))?;
    drop(step);
    if args.json {
        ui::result(&serde_json::to_string(&report).context("cannot serialize the report")?);
    } else {
        ui::result(&format!("{}\n\n{}", report.table(), report.summary()));
    }
    Ok(report)
}

/// The result of the command: success, a failed check with its cause, or a service that does not respond.
fn conclude(report: &Report, cause: Option<Problem>, unreachable_hint: &str) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    if report.unreachable {
        return Err(anyhow!("no response from {}", report.url)).hint(unreachable_hint).exit_code(Exit::Unreachable);
    }
    smoke::failed(report, cause)
}

fn url_target(url: &str, args: &cli::Smoke) -> anyhow::Result<Target> {
    let valid = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !valid {
        return Err(anyhow!("invalid --url {url}: expected an http or https address"))
            .hint("include the scheme, such as http://127.0.0.1:3333")
            .exit_code(Exit::Usage);
    }
    let target = Target::new(url);
    match args.token.clone().or_else(environment::auth_token) {
        Some(token) => Ok(if args.allow_open { target.open() } else { target }.with_token(&token)),
        None if args.allow_open => Ok(target.open()),
        None => Err(anyhow!("no token for {url}"))
            .hint("set MCP_AUTH_TOKEN, or pass --allow-open if the service needs no token")
            .exit_code(Exit::Usage),
    }
}

fn local_target(args: &cli::Smoke) -> anyhow::Result<Target> {
    let home = Home::open(&args.which.project)?;
    let deployed = match record::load(&home)? {
        Some(record) if identity::is_running(&record.identity)? => token::load(&home)?.map(|token| (record, token)),
        _ => None,
    };
    let project = &args.which.project;
    let (record, token) = deployed.ok_or_else(|| {
        anyhow!("no deployment of {project} runs on this machine")
            .hint_if_some(project.similar_hint(home.root()))
            .hint(format!("run `cargo xtask deploy --local{}` to start one", project.flag()))
            .exit_code(Exit::Unreachable)
    })?;
    Ok(Target::new(&record.url).with_token(token.reveal()).with_revision(&record.launch.revision))
}
