//! `cargo xtask deploy` on AWS: named steps, each of which takes what the last one returned.
//!
//! Running it again makes what is there the same as what is asked for; so does running it after any kind of interruption.

mod agree;
mod present;
mod took;

use anyhow::Context;
use serde_json::json;

use self::{
    present::{Deployed, present},
    took::Clock,
};
use crate::{
    aws::ssm,
    cli,
    error::{ErrorExt, Exit},
    image::{self, Delivered, registry},
    preflight::{self, Plan, PreflightResult, Request},
    revision,
    rollout::{self, Before, Live},
    runtime,
    smoke::{self, Report, Target},
    stack::{Outputs, Terraform, adopt, workspace},
    token::Token,
    ui,
};

/// What Terraform made, and what there was before it did.
struct Applied {
    outputs: Outputs,
    before: Before,
}

pub(crate) fn run(args: &cli::Deploy) -> anyhow::Result<()> {
    if args.json {
        ui::tell_events();
    }
    runtime::until_interrupted(deploy(args))
}

async fn deploy(args: &cli::Deploy) -> anyhow::Result<()> {
    let mut clock = Clock::start();
    let project = &args.which.project;
    let given = args.options.image.as_deref().map(given).transpose()?;
    let ground = preflight(args).await?;
    if args.options.dry_run {
        return Ok(());
    }
    clock.stand_still(|| agree::agree(project, args.options.yes))?;
    let image = match given {
        Some(image) => image,
        None => deliver(&ground).await?,
    };
    let applied = apply(&ground, &image).await?;
    if wait(&ground, &applied).await?.tasks == 0 {
        return stopped(&ground);
    }
    let url = address(&ground, &applied.outputs).await?;
    let token = token(&ground, &applied.outputs).await?;
    let report = smoke(&url, &token, &applied.outputs).await?;
    present(&Deployed::new(project, &ground, &applied.outputs, &image, &url, &report), clock.read());
    green(&ground, &applied.outputs, &report).await
}

async fn preflight(args: &cli::Deploy) -> anyhow::Result<PreflightResult> {
    let step = ui::begin("preflight");
    let options = &args.options;
    let request = Request {
        builder: options.builder,
        image: options.image.clone(),
        allowed_cidr: options.allowed_cidr.clone(),
        vars: options.var.clone(),
        adopt_table: options.adopt_table,
    };
    let ground = preflight::check(&args.which, &request).await?;
    step.done(&format!("nothing is in the way, with Terraform {}", ground.terraform));
    let plan = Plan::of(&ground, options.image.as_deref());
    if !ui::event(&plan.json()) {
        ui::progress(&plan.text());
    }
    Ok(ground)
}

/// An image that somebody pushed already.
fn given(image: &str) -> anyhow::Result<Delivered> {
    Delivered::elsewhere(image)
        .with_context(|| format!("--image {image} names no image by its digest"))
        .hint("give it as <registry>/<repository>@sha256:<64 hex digits>; a tag may come to mean another image")
        .exit_code(Exit::Usage)
}

/// Makes the image and takes it to the registry, unless it is there.
async fn deliver(ground: &PreflightResult) -> anyhow::Result<Delivered> {
    let step = ui::begin("registry");
    let registry = registry::ensure(&ground.place.account, &ground.place.names).await.exit_code(Exit::Apply)?;
    step.done(&format!("{}{}", registry.uri, if registry.made { ", new" } else { "" }));

    let step = ui::begin("image");
    let request = image::Request {
        plan: ground.builder.as_ref().context("preflight chose no builder")?,
        architecture: ground.architecture,
        revision: revision::of_checkout(),
    };
    let delivered = image::deliver(&ground.place.account, &registry, &request, &step).await.exit_code(Exit::Build)?;
    step.done(&delivered.to_string());
    Ok(delivered)
}

async fn apply(ground: &PreflightResult, image: &Delivered) -> anyhow::Result<Applied> {
    let step = ui::begin("apply");
    let place = &ground.place;
    let before = Before::look(&place.account, &place.names.cluster(), &place.names.service()).await?;

    place.settings.save(&place.home)?;
    workspace::prepare(&place.home, &place.settings).exit_code(Exit::Apply)?;
    let terraform = Terraform::under(&place.home, &ground.lock);
    terraform.init(&step).await?;
    adopt::adopt(place, ground.adoption.as_ref(), &terraform.resources()?, &step).await?;
    workspace::set_variables(&place.home, &variables(ground, image))?;
    let (outputs, changes) = terraform.apply(&step).await?;
    step.done(&changes.to_string());
    Ok(Applied { outputs, before })
}

fn variables(ground: &PreflightResult, image: &Delivered) -> crate::stack::Variables {
    let mut variables = ground.variables.clone();
    variables.set("project_name", ground.place.names.project().as_str());
    variables.set("region", ground.place.account.region());
    variables.set("container_image", image.reference.as_str());
    variables.set("allowed_cidr", ground.exposure.cidr.as_str());
    variables.set("allow_public", ground.exposure.public);
    variables.set("revision", image.tag.as_str());
    variables
}

/// Waits for the tasks of exactly this revision; when they do not come up, the previous one serves again.
async fn wait(ground: &PreflightResult, applied: &Applied) -> anyhow::Result<Live> {
    let step = ui::begin("wait");
    let account = &ground.place.account;
    let live = rollout::wait(account, &applied.outputs, &applied.before, &step).await?;
    let definition = applied.outputs.task_definition();
    step.done(&match live.tasks {
        0 => format!("no task of {definition}"),
        1 => format!("1 task of {definition}, healthy"),
        tasks => format!("{tasks} tasks of {definition}, healthy"),
    });
    Ok(live)
}

/// All is there but a task, as was asked for.
fn stopped(ground: &PreflightResult) -> anyhow::Result<()> {
    let flag = ground.place.names.project().flag();
    let text =
        format!("nothing runs, as desired_count=0 asks for; `cargo xtask deploy{flag}` without it starts the service");
    if !ui::event(&json!({"event": "stopped", "text": text})) {
        ui::result(&text);
    }
    Ok(())
}

async fn address(ground: &PreflightResult, outputs: &Outputs) -> anyhow::Result<String> {
    let step = ui::begin("address");
    let found = rollout::address(&ground.place.account, outputs).await?;
    if !found.public {
        ui::warning("the task has no public address; only what is inside of the VPC reaches it");
    }
    smoke::reach(&found.url)
        .await
        .with_context(|| format!("the service is live in AWS, and {} cannot be reached from here", found.url))
        .hint(format!(
            "{} may reach it: is that this machine? --allowed-cidr names another range",
            ground.exposure.cidr
        ))
        .exit_code(Exit::Unreachable)?;
    step.done(&found.url);
    Ok(found.url)
}

async fn token(ground: &PreflightResult, outputs: &Outputs) -> anyhow::Result<Token> {
    ssm::parameter(&ground.place.account, &outputs.token_parameter)
        .await?
        .with_context(|| format!("there is no parameter {}", outputs.token_parameter))
        .exit_code(Exit::Smoke)
}

async fn smoke(url: &str, token: &Token, outputs: &Outputs) -> anyhow::Result<Report> {
    let step = ui::begin("smoke");
    let target = Target::new(url).with_token(token.reveal()).with_revision(&outputs.image_digest);
    let report = smoke::run(&target).await?;
    step.done(&report.summary());
    if !report.is_green() {
        ui::progress(&report.table());
    }
    Ok(report)
}

async fn green(ground: &PreflightResult, outputs: &Outputs, report: &Report) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    let flag = ground.place.names.project().flag();
    let complaint = rollout::log_errors(&ground.place.account, outputs).await;
    smoke::failed(report, complaint)
        .context("the service is live, and does not do all that it should")
        .hint(format!("`cargo xtask logs{flag}` says what it met; `cargo xtask smoke{flag}` tries it again"))
}
