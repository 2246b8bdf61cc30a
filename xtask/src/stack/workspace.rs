//! The directory that Terraform works in: a copy of `infra/` with this deployment's backend, imports and variables.
//! It is rebuilt for every command.

use std::{fs, path::Path};

use anyhow::Context;
use serde_json::{Value, json};

use super::{home::Home, variables::Variables};
use crate::cargo;

const LOCK_FILE: &str = ".terraform.lock.hcl";
/// Read by `network.tf`.
const ZONES: &str = "fargate-zones.json";
/// Terraform loads the file because its name ends in `.auto.tfvars.json`.
const VARIABLES: &str = "deploy.auto.tfvars.json";
const IMPORTS: &str = "imports.tf.json";

/// Rebuilds the workspace: copies `infra/` and writes the backend.
pub(super) fn rebuild(home: &Home, backend: &Value) -> anyhow::Result<()> {
    home.create()?;
    let workspace = home.workspace();
    if workspace.exists() {
        fs::remove_dir_all(&workspace).with_context(|| format!("cannot empty {}", workspace.display()))?;
    }
    fs::create_dir_all(&workspace).with_context(|| format!("cannot create {}", workspace.display()))?;
    copy_infra(&cargo::workspace_root().join("infra"), &workspace)?;
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

fn copy_infra(infra: &Path, workspace: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(infra).with_context(|| format!("cannot read {}", infra.display()))? {
        let entry = entry.with_context(|| format!("cannot read {}", infra.display()))?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.extension().is_some_and(|ending| ending == "tf") || name == LOCK_FILE || name == ZONES {
            fs::copy(&path, workspace.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
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
        rebuild(&home, &json!({})).unwrap();
        set_imports(&home, vec![json!({"to": "aws_dynamodb_table.state", "id": "mcp_state"})]).unwrap();
        rebuild(&home, &json!({})).unwrap();
        let there = |name: &str| home.workspace().join(name).exists();
        assert!(there("table.tf") && there("backend.tf.json") && there(LOCK_FILE) && there(ZONES));
        assert!(!there(IMPORTS) && !there("tests"));
    }
}
