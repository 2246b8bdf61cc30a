//! `cargo xtask token` for a deployment on AWS.

use anyhow::Context;

use crate::{
    aws::ssm,
    cli,
    error::{ErrorExt, Exit},
    rollout, runtime,
    stack::deployment,
    token::Token,
    ui,
};

/// Prints the token of the deployment on AWS.
pub(crate) fn run(args: &cli::Token) -> anyhow::Result<()> {
    ui::result(runtime::until_interrupted(find(&args.which))?.reveal());
    Ok(())
}

/// Reads the token of the revision that serves.
pub(crate) async fn find(which: &cli::TargetArgs) -> anyhow::Result<Token> {
    let deployment = deployment::find(which).await?;
    let (account, outputs) = (&deployment.account, &deployment.outputs);
    // The token of the serving revision. If none serves, the token of the last deploy.
    let serving = rollout::serving(account, outputs).await;
    let parameter = serving.as_ref().map_or(&outputs.token_parameter, |serving| &serving.token_parameter);
    ssm::parameter(account, parameter)
        .await?
        .with_context(|| format!("there is no SSM parameter {parameter}"))
        .hint("run `cargo xtask deploy` to create it")
        .exit_code(Exit::Unreachable)
}
