//! `cargo xtask drill` on what is deployed on AWS: it disturbs a live service, so somebody has to want that.

use anyhow::Context;

use super::{drill, or_interrupted, present};
use crate::{
    cli,
    drill::{Crew, ecs::Ecs},
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
    let (token, tasks) = or_interrupted(async { Ok((token(&deployment).await?, Ecs::of(&deployment).await?)) }).await?;
    let crew = Crew::new(&tasks, &token, usize::from(args.options.clients))?;
    let drilled = drill(&tasks, &crew, &args.options).await;
    // Whatever happened, also Ctrl-C: as many tasks as before, and no notes of ours.
    let set_back = tasks.set_back().await;
    crew.leave().await;
    if let Ok(report) = &drilled {
        present(report, args.options.json)?;
    }
    drilled.and_then(|report| report.verdict()).and(set_back)
}

fn agree(args: &cli::Drill) -> anyhow::Result<()> {
    let project = &args.which.project;
    ui::warning(&format!(
        "this stops tasks of {project}, replaces them, and runs more of them for a while: its other clients see errors, too"
    ));
    confirm(args.yes, &format!("disturbing {project}"), "Continue? [y/N]", Expected::Yes)
}

/// The token of what serves.
async fn token(deployment: &Deployment) -> anyhow::Result<Token> {
    let serving = rollout::serving(&deployment.account, &deployment.outputs).await?;
    ssm::parameter(&deployment.account, &serving.token_parameter)
        .await?
        .with_context(|| format!("there is no parameter {}", serving.token_parameter))
        .hint("run `cargo xtask deploy` to create it")
        .exit_code(Exit::Unreachable)
}
