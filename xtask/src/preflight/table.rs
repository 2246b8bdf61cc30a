//! Finds a table that exists before the deployment, and decides whether the deployment adopts it.

use crate::{
    aws::{table::Table, tags},
    problem::Problem,
    stack::{DeploymentTarget, Variables},
};

/// An existing table that the deployment takes into its state. Its notes are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adoption {
    pub(crate) table: String,
    /// An earlier deployment of this project created it.
    pub(crate) owned: bool,
}

/// Looks for a table of the deployment's name.
///
/// `Ok(None)` if there is none. A table without the project's tags is a problem, unless `adopt` allows to take it.
pub(super) async fn find_adoption(
    target: &DeploymentTarget,
    variables: &Variables,
    adopt: bool,
) -> anyhow::Result<Result<Option<Adoption>, Problem>> {
    let name = variables.text_or("table_name", &target.names.table());
    let table = Table::new(&target.account, &name);
    let Some(description) = table.describe().await? else { return Ok(Ok(None)) };
    let owned = tags::belong_to(&table.tags(&description.arn).await?, target.names.project());
    if owned || adopt {
        return Ok(Ok(Some(Adoption { table: name, owned })));
    }
    Ok(Err(Problem::new(
        format!("the table {name} exists already and was not created by this project"),
        "pass --adopt-table to keep and serve its notes, or choose another name with --var table_name=…",
    )))
}
