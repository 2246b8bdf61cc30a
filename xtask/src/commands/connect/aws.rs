//! `cargo xtask connect` for a deployment on AWS.

use super::print;
use crate::{cli, commands::token, connect::Connection, rollout, runtime, stack::deployment};

/// Prints the instructions for the address that the service has now.
pub(crate) fn run(args: &cli::Connect) -> anyhow::Result<()> {
    let connection = runtime::until_interrupted(connection(args))?;
    print(args, connection, &args.which.project.flag());
    Ok(())
}

async fn connection(args: &cli::Connect) -> anyhow::Result<Connection> {
    let deployment = deployment::find(&args.which).await?;
    let serving = rollout::serving(&deployment.account, &deployment.outputs).await?;
    let token_command = format!("cargo xtask token{}", args.which.project.flag());
    let connection = Connection::new(&serving.address.url, token_command);
    if !args.show_token {
        return Ok(connection);
    }
    Ok(connection.showing(token::aws::find(&args.which).await?))
}
