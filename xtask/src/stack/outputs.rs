//! Terraform's outputs as one struct. `infra/outputs.tf` documents each.

use serde::{Deserialize, Serialize};

use crate::project::Project;

/// The resources that Terraform created, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    pub(crate) project_name: String,
    pub(crate) region: String,
    pub cluster_name: String,
    pub service_name: String,
    /// The revision that was last deployed. A service that runs another one was rolled back.
    pub(crate) task_definition_arn: String,
    pub(crate) task_definition_family: String,
    pub(crate) container_name: String,
    pub container_port: u16,
    /// `sha256:` and 64 hex digits. The service reports it as its revision.
    pub(crate) image_digest: String,
    pub(crate) log_group: String,
    pub(crate) dynamodb_table: String,
    /// The SSM parameter that holds the token.
    pub(crate) token_parameter: String,
    pub(crate) security_group_id: String,
    pub(crate) subnets: Vec<String>,
}

impl Outputs {
    /// Returns ` --project <name>`, or nothing for the default project, to end a printed command with.
    pub fn flag(&self) -> String {
        self.project_name.parse::<Project>().map_or_else(|_| String::new(), |project| project.flag())
    }

    /// Returns the task definition's short name, such as `mcp-stateful-task:3`.
    pub(crate) fn task_definition(&self) -> &str {
        self.task_definition_arn.rsplit('/').next().unwrap_or(&self.task_definition_arn)
    }
}
