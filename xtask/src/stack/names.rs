//! The names of a project's resources, for commands that run before Terraform has created them or after its state
//! was lost. Other commands use the names in Terraform's outputs.

use crate::project::Project;

/// Derives the names of a project's resources. `infra/` derives the same ones.
#[derive(Debug, Clone)]
pub struct Names {
    project: Project,
}

impl Names {
    pub fn new(project: &Project) -> Self {
        Self { project: project.clone() }
    }

    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    /// Returns the ECR repository. The default project keeps the one of the v1 (Python) server.
    pub fn repository(&self) -> String {
        match self.is_default() {
            true => "mcp-dynamodb".to_owned(),
            false => format!("mcp-dynamodb/{}", self.project),
        }
    }

    pub fn cluster(&self) -> String {
        format!("{}-cluster", self.project)
    }

    pub fn service(&self) -> String {
        format!("{}-svc", self.project)
    }

    /// Returns the family of the task definitions.
    pub(crate) fn family(&self) -> String {
        format!("{}-task", self.project)
    }

    pub(crate) fn security_group(&self) -> String {
        format!("{}-sg", self.project)
    }

    /// Returns the execution role, then the task role.
    pub fn roles(&self) -> [String; 2] {
        [format!("{}-exec-role", self.project), format!("{}-task-role", self.project)]
    }

    pub(crate) fn log_group(&self) -> String {
        format!("/ecs/{}", self.project)
    }

    /// Returns the log group that AWS creates for the cluster's Container Insights, and neither tags nor deletes
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContainerInsights.html>).
    pub(crate) fn insights_log_group(&self) -> String {
        format!("/aws/ecs/containerinsights/{}/performance", self.cluster())
    }

    /// Returns the SSM parameter that holds the token.
    pub(crate) fn token_parameter(&self) -> String {
        format!("/{}/auth-token", self.project)
    }

    /// Returns the table, unless the variable `table_name` overrides it.
    pub(crate) fn table(&self) -> String {
        match self.is_default() {
            true => "mcp_state".to_owned(),
            false => format!("{}-state", self.project),
        }
    }

    fn is_default(&self) -> bool {
        self.project == Project::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_share_no_names() {
        let all = |project: &str| {
            let names = Names::new(&project.parse().unwrap());
            let [exec, task] = names.roles();
            [
                names.repository(),
                names.cluster(),
                names.service(),
                names.family(),
                names.security_group(),
                exec,
                task,
                names.log_group(),
                names.insights_log_group(),
                names.token_parameter(),
                names.table(),
            ]
        };
        for (one, other) in [("mcp-stateful", "mcp-dynamodb"), ("mcp-stateful", "mcp-stateful2"), ("ab", "abc")] {
            assert!(all(one).iter().all(|name| !all(other).contains(name)), "{one} and {other}");
        }
    }
}
