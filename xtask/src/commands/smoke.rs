//! `cargo xtask smoke`: checks a running service, prints what it saw, and exits by it.

use anyhow::{Context, anyhow};

use crate::{
    cli, environment,
    error::{Advice, Exit},
    local::{home::Home, process, record, token},
    runtime,
    smoke::{self, Report, Target},
    ui,
};

pub(crate) fn run(args: &cli::Smoke) -> anyhow::Result<()> {
    let target = match &args.url {
        Some(url) => given(url, args)?,
        None => local(args)?,
    };
    let report = runtime::wait_for(smoke::run(&target))??;
    if args.json {
        ui::result(&serde_json::to_string(&report).context("cannot put the report in writing")?);
    } else {
        ui::result(&format!("{}\n\n{}", report.table(), report.summary()));
    }
    judge(&report, args.local)
}

fn given(url: &str, args: &cli::Smoke) -> anyhow::Result<Target> {
    let valid = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !valid {
        return Err(anyhow!("--url {url} is no http address"))
            .hint("give it with its scheme, such as http://127.0.0.1:3333")
            .exits(Exit::Usage);
    }
    let target = Target::new(url);
    match args.token.clone().or_else(environment::auth_token) {
        Some(token) => Ok(if args.allow_open { target.open() } else { target }.with_token(&token)),
        None if args.allow_open => Ok(target.open()),
        None => Err(anyhow!("no token for {url}"))
            .hint("set MCP_AUTH_TOKEN, or say with --allow-open that the service asks nobody for one")
            .exits(Exit::Usage),
    }
}

fn local(args: &cli::Smoke) -> anyhow::Result<Target> {
    let home = Home::of(&args.project)?;
    let deployed = match record::load(&home)? {
        Some(record) if process::is_running(&record.identity)? => token::load(&home)?.map(|token| (record, token)),
        _ => None,
    };
    let (record, token) = deployed
        .ok_or_else(|| anyhow!("no deployment of {} runs on this machine", args.project))
        .hint("start one with `cargo xtask deploy --local`")
        .exits(Exit::Unreachable)?;
    Ok(Target::new(&record.url).with_token(token.reveal()).with_revision(&record.launch.revision))
}

fn judge(report: &Report, local: bool) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    if !report.unreachable {
        return Err(anyhow!("{}", report.summary())).exits(Exit::Smoke);
    }
    let hint = if local {
        "start it with `cargo xtask deploy --local`"
    } else {
        "is the service running, and the address right? `cargo xtask deploy --local` starts one here"
    };
    Err(anyhow!("nothing answers at {}", report.url)).hint(hint).exits(Exit::Unreachable)
}
