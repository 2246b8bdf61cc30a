//! `cargo xtask deploy` on AWS: named steps, each of which takes the results of earlier ones.
//!
//! Rerunning it makes the deployment match the arguments, also after an interruption.

mod present;
mod timing;

use anyhow::Context;
use serde_json::json;

use self::{
    present::{Deployed, present},
    timing::Stopwatch,
};
use crate::{
    adopt,
    aws::ssm,
    cli,
    confirm::{Expected, confirm},
    error::{ErrorExt, Exit},
    image::{self, Published, registry, releases},
    preflight::{self, Plan, PreflightResult, Request},
    rollout::{self, Baseline, FailureReason, Rollout},
    runtime,
    smoke::{self, Report, Target},
    source::Workspace,
    stack::{Outputs, Terraform, Variables, workspace},
    token::Token,
    ui::{self, Reporter, Step},
};

pub(crate) fn run(args: &cli::Deploy, reporter: Reporter) -> anyhow::Result<()> {
    runtime::until_interrupted(deploy(args, reporter))
}

async fn deploy(args: &cli::Deploy, reporter: Reporter) -> anyhow::Result<()> {
    let mut stopwatch = Stopwatch::start();
    let project = &args.which.project;
    let existing = args.options.image.as_deref().map(existing_image).transpose()?;
    let checked = run_preflight(args, reporter).await?;
    if args.options.dry_run {
        return Ok(());
    }
    stopwatch.pause(|| confirm_deploy(args))?;
    let image = match existing {
        Some(image) => image,
        None => publish_image(&checked, reporter).await?,
    };
    let baseline = capture_baseline(&checked, reporter).await?;
    let outputs = apply(&checked, &image, reporter).await?;
    restart_if_failed(&checked, &outputs, &baseline, reporter).await?;
    let tasks = match wait_for_rollout(&checked, &outputs, &baseline, reporter).await? {
        Rollout::Live { tasks } => tasks,
        Rollout::Failed(reason) => return Err(roll_back(&checked, &outputs, &baseline, &reason, reporter).await),
    };
    if tasks == 0 {
        report_stopped(&checked, reporter);
        return Ok(());
    }
    let url = find_address(&checked, &outputs, reporter).await?;
    let token = read_token(&checked, &outputs).await?;
    let report = run_smoke_test(&url, &token, &outputs, reporter).await?;
    if report.is_green() {
        record_release(&checked, &image, reporter).await;
    }
    let deployed = Deployed::new(project, &checked, &outputs, &image, &url, &report);
    present(&deployed, stopwatch.elapsed(), reporter);
    require_green(&checked, &outputs, &report).await
}

/// Checks that `--image` names an image by its digest.
fn existing_image(image: &str) -> anyhow::Result<Published> {
    Published::existing(image)
        .with_context(|| format!("invalid --image {image}: expected an image with its digest"))
        .hint("use <registry>/<repository>@sha256:<64 hex digits>, because a tag may move to another image")
        .exit_code(Exit::Usage)
}

/// Checks everything that the deployment needs, and prints the plan.
async fn run_preflight(args: &cli::Deploy, reporter: Reporter) -> anyhow::Result<PreflightResult> {
    let step = reporter.begin("preflight");
    let options = &args.options;
    let workspace = Workspace::find(args.source.manifest_path.as_deref())?;
    let source = match options.image {
        Some(_) => None,
        None => Some(workspace.clone().package(args.source.package.as_deref())?),
    };
    let request = Request {
        workspace,
        source,
        builder: options.builder,
        image: options.image.clone(),
        allowed_cidr: options.allowed_cidr.clone(),
        environment: args.environment.clone(),
        vars: options.var.clone(),
        adopt_table: options.adopt_table,
    };
    let checked = preflight::check(&args.which, &request, reporter).await?;
    step.done(&format!("ok (Terraform {})", checked.terraform));
    let plan = Plan::new(&checked, options.image.as_deref());
    reporter.progress(&plan.json(), || plan.text());
    Ok(checked)
}

fn confirm_deploy(args: &cli::Deploy) -> anyhow::Result<()> {
    let action = format!("deploying {}", args.which.project);
    confirm(args.options.yes, &action, "Deploy? [y/N]", Expected::Yes)
}

/// Builds the image and pushes it to the project's repository, unless it is there.
async fn publish_image(checked: &PreflightResult, reporter: Reporter) -> anyhow::Result<Published> {
    let step = reporter.begin("registry");
    let account = &checked.place.account;
    let registry = registry::ensure(account, &checked.place.names, &step).await.exit_code(Exit::Apply)?;
    step.done(&format!("{}{}", registry.uri, if registry.created { ", new" } else { "" }));

    let step = reporter.begin("image");
    let (source, plan) = checked.build.as_ref().context("internal error: preflight chose no builder")?;
    let request = image::Request {
        source,
        identity: source.identity(),
        plan,
        architecture: checked.architecture,
        assets: &checked.assets,
    };
    let delivered = image::publish(account, &registry, &request, &step).await.exit_code(Exit::Build)?;
    step.done(&delivered.to_string());
    Ok(delivered)
}

/// Reads the state of the service before anything of it is changed.
async fn capture_baseline(checked: &PreflightResult, reporter: Reporter) -> anyhow::Result<Baseline> {
    let step = reporter.begin("baseline");
    let names = &checked.place.names;
    let baseline = Baseline::capture(&checked.place.account, &names.cluster(), &names.service()).await?;
    step.done(&baseline.live().map_or_else(
        || "nothing serves yet".to_owned(),
        |live| format!("{} serves", rollout::task_definition_name(live)),
    ));
    Ok(baseline)
}

/// Runs Terraform.
async fn apply(checked: &PreflightResult, image: &Published, reporter: Reporter) -> anyhow::Result<Outputs> {
    let step = reporter.begin("apply");
    let place = &checked.place;
    place.settings.save(&place.home)?;
    place.prepare_workspace().await.exit_code(Exit::Apply)?;
    let terraform = Terraform::locked(place, &checked.lock).with_token(checked.token.as_ref());
    terraform.init(&step).await?;
    let table = checked.adoption.as_ref().map(|adoption| adoption.table.as_str());
    let known = terraform.resources().await?;
    adopt::adopt(place, table, &checked.variables, &known, &step).await?;
    let mut variables = variables(checked, image);
    variables.set("token_adopted", adopt_token(checked, &known, &step).await?);
    workspace::set_variables(&place.home, &variables)?;
    let (outputs, changes) = terraform.apply(&step).await?;
    step.done(&changes.to_string());
    Ok(outputs)
}

/// Decides whether an existing token is used as it is, and warns if that overrides a variable.
async fn adopt_token(checked: &PreflightResult, known: &[String], step: &Step) -> anyhow::Result<bool> {
    let adopts = adopt::adopts_token(&checked.place, known, step).await?;
    let renews = ["own_token", "token_version"].into_iter().find(|name| checked.variables.value(name).is_some());
    if let Some(name) = renews.filter(|_| adopts) {
        let parameter = checked.place.names.token_parameter();
        step.warning(&format!(
            "{name} stores no new token, because {parameter} was adopted; to renew the token, delete the parameter with \
             `aws ssm delete-parameter --name {parameter}` and deploy with a higher token_version"
        ));
    }
    Ok(adopts)
}

fn variables(checked: &PreflightResult, image: &Published) -> Variables {
    let mut variables = checked.variables.clone();
    variables.set("project_name", checked.place.names.project().as_str());
    variables.set("region", checked.place.account.region());
    variables.set("container_image", image.reference.as_str());
    variables.set("allowed_cidr", checked.exposure.cidr.as_str());
    variables.set("allow_public", checked.exposure.public);
    variables.set("revision", image.tag.as_str());
    variables
}

/// Forces a new ECS deployment if ECS had given up on this revision before.
async fn restart_if_failed(
    checked: &PreflightResult,
    outputs: &Outputs,
    baseline: &Baseline,
    reporter: Reporter,
) -> anyhow::Result<()> {
    if rollout::restart_if_failed(&checked.place.account, outputs, baseline).await? {
        reporter.begin("restart").done("ECS had given up on this revision; a new deployment was forced");
    }
    Ok(())
}

/// Waits until tasks of exactly this revision serve, or until the rollout has failed.
async fn wait_for_rollout(
    checked: &PreflightResult,
    outputs: &Outputs,
    baseline: &Baseline,
    reporter: Reporter,
) -> anyhow::Result<Rollout> {
    let step = reporter.begin("wait");
    let rollout = rollout::wait(&checked.place.account, outputs, baseline, &step).await?;
    let definition = outputs.task_definition();
    match &rollout {
        Rollout::Live { tasks: 0 } => drop(step.done(&format!("no task of {definition}"))),
        Rollout::Live { tasks: 1 } => drop(step.done(&format!("1 task of {definition}, healthy"))),
        Rollout::Live { tasks } => drop(step.done(&format!("{tasks} tasks of {definition}, healthy"))),
        Rollout::Failed(reason) => step.note(&reason.sentence()),
    }
    Ok(rollout)
}

/// Rolls back to the version of the baseline. Returns the error that ends the deploy.
async fn roll_back(
    checked: &PreflightResult,
    outputs: &Outputs,
    baseline: &Baseline,
    reason: &FailureReason,
    reporter: Reporter,
) -> anyhow::Error {
    let account = &checked.place.account;
    let step = reporter.begin("roll back");
    step.status("collecting the cause of the failure");
    // First, because a rollback replaces the tasks that explain the failure.
    let failure = rollout::explain(account, outputs, baseline, reason).await;
    rollout::roll_back(account, outputs, baseline.live(), failure, &step).await
}

/// Reports a deployment without tasks, as desired_count = 0 asks for.
fn report_stopped(checked: &PreflightResult, reporter: Reporter) {
    let flag = checked.place.names.project().flag();
    let text = format!(
        "nothing runs, because desired_count = 0; run `cargo xtask deploy{flag}` without it to start the service"
    );
    reporter.result(&json!({"event": "stopped", "text": text}), || text.clone());
}

/// Finds the address of the new task and waits until it responds.
async fn find_address(checked: &PreflightResult, outputs: &Outputs, reporter: Reporter) -> anyhow::Result<String> {
    let step = reporter.begin("address");
    let found = rollout::address(&checked.place.account, outputs).await?;
    if !found.public {
        step.warning("the task has no public address and is reachable inside the VPC only");
    }
    step.status(&format!("waiting for a response from {}", found.url));
    smoke::reach(&found.url)
        .await
        .with_context(|| format!("the service is live on AWS, but {} is not reachable from here", found.url))
        .hint(format!(
            "only {} may connect; if that is not this machine, redeploy with `--allowed-cidr <your-ip>/32`",
            checked.exposure.cidr
        ))
        .exit_code(Exit::Unreachable)?;
    step.done(&found.url);
    Ok(found.url)
}

async fn read_token(checked: &PreflightResult, outputs: &Outputs) -> anyhow::Result<Token> {
    ssm::parameter(&checked.place.account, &outputs.token_parameter)
        .await?
        .with_context(|| format!("there is no SSM parameter {}", outputs.token_parameter))
        .exit_code(Exit::Smoke)
}

async fn run_smoke_test(url: &str, token: &Token, outputs: &Outputs, reporter: Reporter) -> anyhow::Result<Report> {
    let step = reporter.begin("smoke");
    let target = Target::new(url).with_token(token.reveal()).with_revision(&outputs.image_digest);
    let report = smoke::run(&target).await?;
    step.done(&report.summary());
    if !report.is_green() {
        ui::progress(&report.table());
    }
    Ok(report)
}

/// Records the release and removes old images. The deployment has succeeded, so a failure is a warning.
async fn record_release(checked: &PreflightResult, image: &Published, reporter: Reporter) {
    let step = reporter.begin("release");
    let place = &checked.place;
    match releases::record(&place.account, &place.names, image, &step).await {
        Ok(Some(0)) => drop(step.done("recorded")),
        Ok(Some(removed)) => drop(step.done(&format!("recorded, {removed} old images removed"))),
        Ok(None) => drop(step.done("not recorded, because the image is in another repository")),
        Err(error) => {
            step.warning(&format!("old images stay in {}: {error:#}", place.names.repository()));
            step.done("old images stay");
        }
    }
}

/// Fails unless every smoke check passed.
async fn require_green(checked: &PreflightResult, outputs: &Outputs, report: &Report) -> anyhow::Result<()> {
    if report.is_green() {
        return Ok(());
    }
    let flag = checked.place.names.project().flag();
    let cause = rollout::log_errors(&checked.place.account, outputs).await;
    smoke::failed(report, cause)
        .context("the service is running but failed its smoke test")
        .hint(format!("inspect `cargo xtask logs{flag}`, then rerun `cargo xtask smoke{flag}`"))
}
