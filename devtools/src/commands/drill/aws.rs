//! `cargo xtask drill` on AWS. It disturbs a live service, so it asks for confirmation.

use anyhow::Context;

use super::{drill, or_interrupted, present};
use crate::{
    cli,
    drill::{Clients, ecs::Ecs},
};
use xtask::{
    aws::ssm,
    confirm::{Expected, confirm},
    error::{ErrorExt, Exit},
    lock, rollout, runtime,
    stack::{Deployment, deployment},
    token::Token,
    ui::{self, Reporter},
};

pub(super) fn run(args: &cli::Drill) -> anyhow::Result<()> {
    runtime::wait_for(drill_there(args))?
}

async fn drill_there(args: &cli::Drill) -> anyhow::Result<()> {
    let deployment = or_interrupted(deployment::find(&args.which)).await?;
    agree(args)?;
    let _lock = or_interrupted(lock::wait(&deployment.home.lock(), Reporter::Human)).await?;
    let (token, ecs) = or_interrupted(async { Ok((token(&deployment).await?, Ecs::find(&deployment).await?)) }).await?;
    let clients = Clients::new(&ecs, &token, usize::from(args.options.clients))?;
    let drilled = drill(&ecs, &clients, &args.options).await;
    // Also after an error or Ctrl-C.
    let restored = ecs.restore_count().await;
    clients.clear_sessions().await;
    if let Ok(report) = &drilled {
        present(report, args.options.json)?;
    }
    drilled.and_then(|report| report.verdict()).and(restored)
}

fn agree(args: &cli::Drill) -> anyhow::Result<()> {
    let project = &args.which.project;
    ui::warning(&format!("this stops, replaces and scales the tasks of {project}: its other clients will see errors"));
    confirm(args.yes, &format!("disturbing {project}"), "Continue? [y/N]", Expected::Yes)
}

/// Reads the token that the running tasks use.
async fn token(deployment: &Deployment) -> anyhow::Result<Token> {
    let serving = rollout::serving(&deployment.account, &deployment.outputs).await?;
    ssm::parameter(&deployment.account, &serving.token_parameter)
        .await?
        .with_context(|| format!("parameter {} does not exist", serving.token_parameter))
        .hint("run `cargo xtask deploy` to create it")
        .exit_code(Exit::Unreachable)
}
