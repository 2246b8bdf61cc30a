//! The table that `export` reads and `import` writes: on AWS, or in the embedded store of a local deployment.

use anyhow::anyhow;

use crate::{
    aws::table::Table,
    cli,
    data::embedded,
    error::{ErrorExt, Exit},
    local::home::Home,
    stack::deployment,
};

/// An existing table.
pub(super) struct DataSource {
    pub(super) table: Table,
    /// The ARN or the store's path, which is different for every deployment's table.
    pub(super) id: String,
}

/// Finds the table of a deployment. Fails with [`Exit::Unreachable`] if there is none.
pub(super) async fn open(local: bool, which: &cli::TargetArgs) -> anyhow::Result<DataSource> {
    if local { open_local(which).await } else { open_on_aws(which).await }
}

async fn open_local(which: &cli::TargetArgs) -> anyhow::Result<DataSource> {
    let path = Home::open(&which.project)?.notes();
    let flag = which.project.flag();
    let missing = || {
        Err(anyhow!("{} has no notes on this machine ({} does not exist)", which.project, path.display()))
            .hint(format!("run `cargo xtask deploy --local{flag}` to create the store"))
            .exit_code(Exit::Unreachable)
    };
    // Opening a file that does not exist would create an empty store.
    if !path.exists() {
        return missing();
    }
    let table = embedded::open(&path)?;
    match table.describe().await? {
        Some(_) => Ok(DataSource { table, id: path.display().to_string() }),
        None => missing(),
    }
}

async fn open_on_aws(which: &cli::TargetArgs) -> anyhow::Result<DataSource> {
    let deployment = deployment::find(which).await?;
    let table = Table::new(&deployment.account, &deployment.outputs.dynamodb_table);
    // Someone may have deleted the table without Terraform.
    match table.describe().await? {
        Some(description) if description.is_active() => Ok(DataSource { table, id: description.arn }),
        _ => Err(anyhow!("the table {} does not exist or is not active", table.name()))
            .hint(format!("run `cargo xtask deploy{}` to create it", which.project.flag()))
            .exit_code(Exit::Unreachable),
    }
}
