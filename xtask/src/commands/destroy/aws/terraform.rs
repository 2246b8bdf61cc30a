//! Lets Terraform remove what is in its state, if there is one.

use crate::{
    error::{ErrorExt, Exit},
    lock::Lock,
    stack::{Backend, DeploymentTarget, Terraform, Variables, workspace},
    ui::Step,
};

const TABLE: &str = "aws_dynamodb_table.state";
/// Valid, and looked at by nobody: a destroy goes by the state.
const NO_IMAGE: &str = "localhost/none@sha256:0000000000000000000000000000000000000000000000000000000000000000";
const NOBODY: &str = "127.0.0.1/32";

/// Removes what is in the state, and says how much that was; nothing, if there is no state.
pub(super) async fn destroy(
    place: &DeploymentTarget,
    lock: &Lock,
    keep_data: bool,
    step: &Step,
) -> anyhow::Result<Option<usize>> {
    if place.settings.state == Backend::Local && !place.home.state().exists() {
        return Ok(None);
    }
    workspace::prepare(&place.home, &place.settings).exit_code(Exit::Apply)?;
    workspace::set_variables(&place.home, &variables(place)).exit_code(Exit::Apply)?;
    let terraform = Terraform::under(&place.home, lock);
    terraform.init(step).await.hint(without_state(place))?;
    if keep_data && terraform.forget(TABLE)? {
        step.note("the table is taken out of Terraform's state");
    }
    if terraform.resources()?.is_empty() {
        return Ok(None);
    }
    terraform.destroy(step).await.map(|changes| Some(changes.remove))
}

fn variables(place: &DeploymentTarget) -> Variables {
    let mut variables = Variables::default();
    variables.set("project_name", place.names.project().as_str());
    variables.set("region", place.account.region());
    variables.set("container_image", NO_IMAGE);
    variables.set("allowed_cidr", NOBODY);
    variables
}

fn without_state(place: &DeploymentTarget) -> String {
    let home = place.home.root().display();
    format!("if the state is lost for good, delete {home} and run this again without --state: all is found by its tags")
}
