//! Removes what is in Terraform's state, if there is one.

use crate::{
    error::{ErrorExt, Exit},
    lock::Lock,
    stack::{Backend, DeploymentTarget, Terraform, Variables, workspace},
    ui::Step,
};

const TABLE: &str = "aws_dynamodb_table.state";
/// Valid values that a destroy does not use, because it goes by the state.
const NO_IMAGE: &str = "localhost/none@sha256:0000000000000000000000000000000000000000000000000000000000000000";
const NO_CLIENTS: &str = "127.0.0.1/32";

/// Removes what is in the state. Returns the number of resources, or `None` without a state.
pub(super) async fn destroy(
    place: &DeploymentTarget,
    lock: &Lock,
    keep_data: bool,
    step: &Step,
) -> anyhow::Result<Option<usize>> {
    if place.settings.state == Backend::Local && !place.home.state().exists() {
        return Ok(None);
    }
    place.prepare_workspace().await.exit_code(Exit::Apply)?;
    workspace::set_variables(&place.home, &variables(place)).exit_code(Exit::Apply)?;
    let terraform = Terraform::locked(place, lock);
    terraform.init(step).await?;
    if keep_data && terraform.state_rm(TABLE).await? {
        step.note("removed the table from Terraform's state");
    }
    if terraform.resources().await?.is_empty() {
        return Ok(None);
    }
    terraform.destroy(step).await.map(|changes| Some(changes.remove))
}

fn variables(place: &DeploymentTarget) -> Variables {
    let mut variables = Variables::default();
    variables.set("project_name", place.names.project().as_str());
    variables.set("region", place.account.region());
    variables.set("container_image", NO_IMAGE);
    variables.set("allowed_cidr", NO_CLIENTS);
    variables
}
