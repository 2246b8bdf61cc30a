//! `cargo xtask import`: writes what `destroy --export` saved into the deployment's table.

use anyhow::anyhow;

use crate::{
    aws::table::Table,
    cli, data,
    error::{ErrorExt, Exit},
    runtime,
    stack::deployment,
    ui,
};

pub(crate) fn run(args: &cli::Import) -> anyhow::Result<()> {
    runtime::until_interrupted(import(args))
}

async fn import(args: &cli::Import) -> anyhow::Result<()> {
    let file = args.file.display();
    let step = ui::begin("read");
    let expected = data::read(&args.file)?;
    step.done(&format!("{expected} in {file}"));

    let deployment = deployment::find(&args.which).await?;
    let table = Table::of(&deployment.account, &deployment.outputs.dynamodb_table);
    there(&table, args).await?;

    let step = ui::begin("import");
    let imported = data::write(&args.file, &table, &step).await;
    let imported = imported.hint("rerun the command to resume: items are overwritten by key")?;
    step.done(&format!("{imported} in the table {}", table.name()));
    Ok(())
}

/// A table that was deleted behind Terraform's back would be told by the first batch, in DynamoDB's words.
async fn there(table: &Table, args: &cli::Import) -> anyhow::Result<()> {
    match table.describe().await? {
        Some(described) if described.is_active() => Ok(()),
        _ => Err(anyhow!("there is no table {} to import into", table.name()))
            .hint(format!("`cargo xtask deploy{}` makes one", args.which.project.flag()))
            .exit_code(Exit::Unreachable),
    }
}
