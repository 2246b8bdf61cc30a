//! `cargo xtask smoke`: checks a running service, prints what it saw, and exits by it.

use anyhow::{Context, anyhow};

use crate::{
    aws::ssm,
    cli, environment,
    error::{Advice, Exit},
    local::{home::Home, process, record, token},
    rollout, runtime,
    smoke::{self, Report, Target},
    stack::deployment,
    ui,
};

pub(crate) fn run(args: &cli::Smoke) -> anyhow::Result<()> {
    let target = match &args.url {
        Some(url) => given(url, args)?,
        None if args.local => local(args)?,
        None => runtime::until_interrupted(on_aws(args))?,
    };
    let report = runtime::until_interrupted(smoke::run(&target))?;
    if args.json {
        ui::result(&serde_json::to_string(&report).context("cannot put the report in writing")?);
    } else {
        ui::result(&format!("{}\n\n{}", report.table(), report.summary()));
    }
    judge(&report, args)
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
    let home = Home::of(&args.which.project)?;
    let deployed = match record::load(&home)? {
        Some(record) if process::is_running(&record.identity)? => token::load(&home)?.map(|token| (record, token)),
        _ => None,
    };
    let (record, token) = deployed
        .ok_or_else(|| anyhow!("no deployment of {} runs on this machine", args.which.project))
        .hint("start one with `cargo xtask deploy --local`")
        .exits(Exit::Unreachable)?;
    Ok(Target::new(&record.url).with_token(token.reveal()).with_revision(&record.launch.revision))
}

/// What is deployed on AWS: at its address of the moment, and of exactly the image that was asked for.
async fn on_aws(args: &cli::Smoke) -> anyhow::Result<Target> {
    let deployment = deployment::find(&args.which).await?;
    let (account, outputs) = (&deployment.account, &deployment.outputs);
    let serving = rollout::serving(account, outputs).await?;
    let token = ssm::parameter(account, &serving.token_parameter)
        .await?
        .with_context(|| format!("there is no parameter {}", serving.token_parameter))
        .hint("deploy again: it makes one")
        .exits(Exit::Unreachable)?;
    let target = Target::new(&serving.address.url).with_token(token.reveal());
    Ok(match &serving.digest {
        Some(digest) => target.with_revision(digest),
        None => target,
    })
}

async fn complaint(args: &cli::Smoke) -> anyhow::Result<Option<rollout::Complaint>> {
    let deployment = deployment::find(&args.which).await?;
    Ok(rollout::complaint(&deployment.account, &deployment.outputs).await)
}

fn judge(report: &Report, args: &cli::Smoke) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    if !report.unreachable {
        let on_aws = !args.local && args.url.is_none();
        let complaint = if on_aws { runtime::until_interrupted(complaint(args))? } else { None };
        return smoke::failed(report, complaint);
    }
    let flag = args.which.project.flag();
    let hint = if args.local {
        format!("start it with `cargo xtask deploy --local{flag}`")
    } else if args.url.is_some() {
        "is the service running, and the address right? `cargo xtask deploy --local` starts one here".to_owned()
    } else {
        format!("does its allowed_cidr hold this machine's address? `cargo xtask status{flag}` says what runs")
    };
    Err(anyhow!("nothing answers at {}", report.url)).hint(hint).exits(Exit::Unreachable)
}
