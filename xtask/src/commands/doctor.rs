//! `cargo xtask doctor`: runs preflight only. Changes nothing.

use crate::{
    cli,
    preflight::{self, Plan, Request},
    runtime,
    ui::{self, Reporter},
};

pub(crate) fn run(args: &cli::Doctor) -> anyhow::Result<()> {
    runtime::until_interrupted(doctor(args))
}

async fn doctor(args: &cli::Doctor) -> anyhow::Result<()> {
    let request = Request {
        builder: args.options.builder,
        environment: args.options.environment.clone(),
        allowed_cidr: args.options.allowed_cidr.clone(),
        ..Request::default()
    };
    let step = ui::begin("preflight");
    let checked = preflight::check(&args.which, &request, Reporter::Human).await?;
    step.done(&format!("ok (Terraform {})", checked.terraform));
    ui::result(&format!(
        "`cargo xtask deploy{}` would create\n{}",
        args.which.project.flag(),
        Plan::new(&checked, None).text()
    ));
    Ok(())
}
