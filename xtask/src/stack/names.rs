//! The names that are needed before Terraform has made anything, or after it has forgotten: for preflight and for the sweep.
//! Whatever Terraform has made is named by its outputs.

use crate::project::Project;

/// The tag by which we know what we made, with `Project`; `infra/versions.tf` sets both.
pub(crate) const MANAGED_BY: (&str, &str) = ("ManagedBy", "mcp-stateful/infra");
/// The tag that holds the project's name.
pub(crate) const PROJECT: &str = "Project";

/// What everything of a project is called.
#[derive(Debug, Clone)]
pub struct Names {
    project: Project,
}

impl Names {
    pub fn of(project: &Project) -> Self {
        Self { project: project.clone() }
    }

    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    /// The ECR repository. The default project keeps the original's; no other project can come to have the same.
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

    /// The family of the task definitions.
    pub(crate) fn family(&self) -> String {
        format!("{}-task", self.project)
    }

    pub(crate) fn security_group(&self) -> String {
        format!("{}-sg", self.project)
    }

    pub fn roles(&self) -> [String; 2] {
        [format!("{}-exec-role", self.project), format!("{}-task-role", self.project)]
    }

    pub(crate) fn log_group(&self) -> String {
        format!("/ecs/{}", self.project)
    }

    /// The SSM parameter that holds the token.
    pub(crate) fn token_parameter(&self) -> String {
        format!("/{}/auth-token", self.project)
    }

    /// The table, unless the variable `table_name` says otherwise.
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
    fn no_name_of_one_project_is_a_name_of_another() {
        let all = |project: &str| {
            let names = Names::of(&project.parse().unwrap());
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
                names.token_parameter(),
                names.table(),
            ]
        };
        for (one, other) in [("mcp-stateful", "mcp-dynamodb"), ("mcp-stateful", "mcp-stateful2"), ("ab", "abc")] {
            assert!(all(one).iter().all(|name| !all(other).contains(name)), "{one} and {other}");
        }
    }

    #[test]
    fn infra_sets_the_tags_that_we_look_for() {
        let versions = include_str!("../../../infra/versions.tf");
        assert!(versions.contains(MANAGED_BY.1) && versions.contains(MANAGED_BY.0) && versions.contains(PROJECT));
    }
}
