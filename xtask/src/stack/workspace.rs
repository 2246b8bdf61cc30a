//! The directory that Terraform works in: a copy of the configuration with this deployment's backend, imports and
//! variables. It is rebuilt for every command.

use std::{fs, path::Path};

use anyhow::Context;
use serde_json::{Value, json};

use super::{home::Home, variables::Variables};
use crate::infra::Infra;

/// Terraform loads the file because its name ends in `.auto.tfvars.json`.
const VARIABLES: &str = "deploy.auto.tfvars.json";
const IMPORTS: &str = "imports.tf.json";

/// Rebuilds the workspace: writes the configuration and the backend.
pub(super) fn rebuild(home: &Home, infra: &Infra, backend: &Value) -> anyhow::Result<()> {
    home.create()?;
    let workspace = home.workspace();
    if workspace.exists() {
        fs::remove_dir_all(&workspace).with_context(|| format!("cannot empty {}", workspace.display()))?;
    }
    fs::create_dir_all(&workspace).with_context(|| format!("cannot create {}", workspace.display()))?;
    for (name, text) in infra.files()? {
        let path = workspace.join(name);
        fs::write(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    write(&workspace.join("backend.tf.json"), backend)
}

/// Writes the variables into the workspace.
pub(crate) fn set_variables(home: &Home, variables: &Variables) -> anyhow::Result<()> {
    write(&home.workspace().join(VARIABLES), &variables.json())
}

/// Writes import blocks, by which the next apply takes existing resources into the state.
pub(crate) fn set_imports(home: &Home, blocks: Vec<Value>) -> anyhow::Result<()> {
    write(&home.workspace().join(IMPORTS), &json!({"import": blocks}))
}

fn write(path: &Path, json: &Value) -> anyhow::Result<()> {
    fs::write(path, format!("{json:#}\n")).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rebuilding_removes_old_imports() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        rebuild(&home, &Infra::Carried, &json!({})).unwrap();
        set_imports(&home, vec![json!({"to": "aws_dynamodb_table.state", "id": "mcp_state"})]).unwrap();
        rebuild(&home, &Infra::Carried, &json!({})).unwrap();
        let there = |name: &str| home.workspace().join(name).exists();
        assert!(there("table.tf") && there("backend.tf.json") && there(".terraform.lock.hcl"));
        assert!(!there(IMPORTS) && !there("tests") && !there("deployer-policy.json"));
    }

    /// A missing data file is not an error of Terraform: `try` and `fileset` take it for an empty one.
    #[test]
    fn workspace_has_every_data_file() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        rebuild(&home, &Infra::Carried, &json!({})).unwrap();
        for name in ["fargate-zones.json", "front-zones.json", "clients-anthropic.json", "clients-openai.json"] {
            assert!(home.workspace().join(name).exists(), "{name}");
        }
    }
}
