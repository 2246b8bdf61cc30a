//! `cargo xtask token`: prints the token of a deployment and nothing else, for `$(…)`.

use anyhow::{Context, anyhow};

use crate::{
    aws::ssm,
    cli,
    error::{Advice, Exit},
    local::{self, home::Home},
    rollout, runtime,
    stack::deployment,
    token::Token,
    ui,
};

pub(crate) fn run(args: &cli::Token) -> anyhow::Result<()> {
    let token = if args.local { local(args)? } else { runtime::until_interrupted(on_aws(args))? };
    ui::result(token.reveal());
    Ok(())
}

fn local(args: &cli::Token) -> anyhow::Result<Token> {
    local::token::load(&Home::of(&args.which.project)?)?
        .ok_or_else(|| anyhow!("{} has no token on this machine", args.which.project))
        .hint("`cargo xtask deploy --local` makes one")
        .exits(Exit::Unreachable)
}

async fn on_aws(args: &cli::Token) -> anyhow::Result<Token> {
    let deployment = deployment::find(&args.which).await?;
    let (account, outputs) = (&deployment.account, &deployment.outputs);
    // Of what serves; where nothing does, of what was last asked for.
    let serving = rollout::serving(account, outputs).await;
    let parameter = serving.as_ref().map_or(&outputs.token_parameter, |serving| &serving.token_parameter);
    ssm::parameter(account, parameter)
        .await?
        .with_context(|| format!("there is no parameter {parameter}"))
        .hint("deploy again: it makes one")
        .exits(Exit::Unreachable)
}
