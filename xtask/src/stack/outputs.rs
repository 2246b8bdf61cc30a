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

    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        Self {
            project_name: "a".to_owned(),
            region: "us-east-1".to_owned(),
            cluster_name: "a-cluster".to_owned(),
            service_name: "a-svc".to_owned(),
            task_definition_arn: "arn:aws:ecs:us-east-1:123456789012:task-definition/a-task:2".to_owned(),
            task_definition_family: "a-task".to_owned(),
            container_name: "mcp-stateful".to_owned(),
            container_port: 3333,
            image_digest: format!("sha256:{}", "0".repeat(64)),
            log_group: "/ecs/a".to_owned(),
            dynamodb_table: "a-state".to_owned(),
            token_parameter: "/a/auth-token".to_owned(),
            security_group_id: "sg-a".to_owned(),
            subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
        }
    }
}
