//! `cargo xtask smoke` on AWS.

use anyhow::Context;

use super::{check, conclude};
use crate::{
    aws::ssm,
    cli,
    error::{ErrorExt, Exit},
    problem::Problem,
    rollout, runtime,
    smoke::Target,
    stack::deployment,
};

/// Checks the service at its current address, and that it runs the wanted image.
pub(crate) fn run(args: &cli::Smoke) -> anyhow::Result<()> {
    let report = check(&runtime::until_interrupted(target(args))?, args)?;
    let is_running = !report.is_green() && !report.unreachable;
    let cause = if is_running { runtime::until_interrupted(log_errors(args))? } else { None };
    let flag = args.which.project.flag();
    let hint = format!(
        "check that allowed_cidr includes this machine's public IP; `cargo xtask status{flag}` prints what runs"
    );
    conclude(&report, cause, &hint)
}

async fn target(args: &cli::Smoke) -> anyhow::Result<Target> {
    let deployment = deployment::find(&args.which).await?;
    let (account, outputs) = (&deployment.account, &deployment.outputs);
    let serving = rollout::serving(account, outputs).await?;
    let token = ssm::parameter(account, &serving.token_parameter)
        .await?
        .with_context(|| format!("there is no SSM parameter {}", serving.token_parameter))
        .hint("run `cargo xtask deploy` to create it")
        .exit_code(Exit::Unreachable)?;
    let target = Target::new(&serving.address.url).with_token(token.reveal());
    Ok(match &serving.digest {
        Some(digest) => target.with_revision(digest),
        None => target,
    })
}

async fn log_errors(args: &cli::Smoke) -> anyhow::Result<Option<Problem>> {
    let deployment = deployment::find(&args.which).await?;
    Ok(rollout::log_errors(&deployment.account, &deployment.outputs).await)
}
