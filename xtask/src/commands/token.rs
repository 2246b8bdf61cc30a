//! `cargo xtask token`: prints the token of a deployment and nothing else, for `$(…)`.

#[cfg(feature = "aws")]
pub(super) mod aws;

use anyhow::anyhow;

use crate::{
    cli,
    error::{ErrorExt, Exit},
    local::{self, home::Home},
    ui,
};

/// Prints the token of the deployment on this machine.
pub(super) fn local(args: &cli::Token) -> anyhow::Result<()> {
    let token = local::token::load(&Home::of(&args.which.project)?)?
        .ok_or_else(|| anyhow!("{} has no token on this machine", args.which.project))
        .hint("run `cargo xtask deploy --local` to create one")
        .exit_code(Exit::Unreachable)?;
    ui::result(token.reveal());
    Ok(())
}
