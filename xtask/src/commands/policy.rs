//! `cargo xtask policy`: prints the IAM policy that a deployer of a project needs, or the policies of one with a front.

use anyhow::Context;

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
    let text = match args.front {
        None => policy::render(&scope)?.pretty()?,
        Some(front) => {
            let documents = policy::render_front(&scope, front, &args.route53_zone)?;
            serde_json::to_string_pretty(&documents).context("cannot serialize the policies")?
        }
    };
    ui::result(&text);
    Ok(())
}
