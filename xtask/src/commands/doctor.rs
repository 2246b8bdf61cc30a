//! `cargo xtask doctor`: runs preflight only. Changes nothing.

use crate::{
    cli,
    preflight::{self, Plan, Request},
    runtime,
    source::Workspace,
    ui::{self, Reporter},
};

pub(crate) fn run(args: &cli::Doctor) -> anyhow::Result<()> {
    runtime::until_interrupted(doctor(args))
}

async fn doctor(args: &cli::Doctor) -> anyhow::Result<()> {
    let workspace = Workspace::find(args.source.manifest_path.as_deref())?;
    let request = Request {
        source: Some(workspace.clone().package(args.source.package.as_deref())?),
        workspace,
        image: None,
        vars: Vec::new(),
        adopt_table: false,
        builder: args.options.builder,
        environment: args.options.environment.clone(),
        allowed_cidr: args.options.allowed_cidr.clone(),
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
