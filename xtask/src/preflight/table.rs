//! A table that is there before Terraform has made one: kept by an earlier destroy, or somebody else's.

use crate::{
    aws::{table::Table, tags},
    problem::Problem,
    stack::{DeploymentTarget, Variables},
};

/// A table to take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adoption {
    pub(crate) table: String,
    /// An earlier deployment of this project made it.
    pub(crate) ours: bool,
}

/// Finds out whether there is a table of the name, and whose it is.
pub(super) async fn look(
    place: &DeploymentTarget,
    variables: &Variables,
    adopt: bool,
) -> anyhow::Result<Result<Option<Adoption>, Problem>> {
    let name = variables.text_or("table_name", &place.names.table());
    let table = Table::of(&place.account, &name);
    let Some(description) = table.describe().await? else { return Ok(Ok(None)) };
    let ours = tags::are_of(&table.tags(&description.arn).await?, place.names.project());
    if ours || adopt {
        return Ok(Ok(Some(Adoption { table: name, ours })));
    }
    Ok(Err(Problem::new(
        format!("a table {name} is there already, and this project did not make it"),
        "take it over with --adopt-table (its notes are kept and served), or choose another name with --var table_name=…",
    )))
}
