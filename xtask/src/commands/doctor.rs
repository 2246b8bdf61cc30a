//! `cargo xtask doctor`: preflight alone. Changes nothing.

use crate::{
    cli,
    preflight::{self, Plan, Request},
    runtime, ui,
};

pub(crate) fn run(args: &cli::Doctor) -> anyhow::Result<()> {
    runtime::until_interrupted(doctor(args))
}

async fn doctor(args: &cli::Doctor) -> anyhow::Result<()> {
    let request = Request {
        builder: args.options.builder,
        allowed_cidr: args.options.allowed_cidr.clone(),
        ..Request::default()
    };
    let ground = preflight::check(&args.which, &request).await?;
    ui::result(&format!(
        "nothing is in the way of `cargo xtask deploy{}`, with Terraform {}; it would make\n{}",
        args.which.project.flag(),
        ground.terraform,
        Plan::of(&ground, None).text()
    ));
    Ok(())
}
