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
    let project = &args.which.project;
    let home = Home::open(project)?;
    let token = local::token::load(&home)?.ok_or_else(|| {
        anyhow!("{project} has no token on this machine")
            .hint_if_some(project.similar_hint(home.root()))
            .hint(format!("run `cargo xtask deploy --local{}` to create one", project.flag()))
            .exit_code(Exit::Unreachable)
    })?;
    ui::result(token.reveal());
    Ok(())
}
