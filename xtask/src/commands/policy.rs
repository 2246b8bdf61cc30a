//! `cargo xtask policy`: prints the IAM policy that a deployer of a project needs.

use crate::{
    cli,
    policy::{self, Scope},
    ui,
};

pub(crate) fn run(args: &cli::Policy) -> anyhow::Result<()> {
    let scope = Scope {
        project: args.project.clone(),
        region: args.region.clone(),
        account: args.account.clone(),
        state_bucket: args.state_bucket.clone(),
    };
    ui::result(&policy::render(&scope)?.pretty()?);
    Ok(())
}
