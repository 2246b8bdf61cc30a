//! The directory in which this machine keeps what it knows of one deployment on AWS, and what each file in it is called.
//!
//! With the state in S3 nothing in here is needed: all of it can be made again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{environment, error::ErrorExt, project::Project};

/// The files of a deployment.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home of a project in an account, whether it exists or not.
    pub(crate) fn of(account: &str, project: &Project) -> anyhow::Result<Self> {
        Ok(Self { root: all_homes()?.join(account).join(project.as_str()) })
    }

    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the deployment is, and where its state is.
    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    /// Terraform's outputs after the last apply.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.root.join("outputs.json")
    }

    /// The directory that Terraform works in: a copy of `infra/`, with what we add.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.root.join("infra")
    }

    /// Terraform's own directory: its providers, and which backend it was set up for.
    pub(crate) fn terraform_data(&self) -> PathBuf {
        self.root.join("terraform")
    }

    /// The state, unless it is kept in S3.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("terraform.tfstate")
    }

    /// Everything that Terraform said.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("terraform.log")
    }

    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Makes the directory, for its owner only: a state may come to hold what is nobody else's business.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.root).with_context(|| format!("cannot create {}", self.root.display()))?;
        close_to_others(&self.root).with_context(|| format!("cannot close {} to others", self.root.display()))
    }

    /// Deletes the directory, if it is there.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        match fs::remove_dir_all(&self.root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", self.root.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Where all homes are.
fn all_homes() -> anyhow::Result<PathBuf> {
    if let Some(directory) = environment::deploy_dir() {
        return std::path::absolute(&directory)
            .with_context(|| format!("MCP_DEPLOY_DIR={} is no path", directory.display()));
    }
    let data = dirs::data_dir().context("this machine names no data directory for its user");
    Ok(data.hint("set MCP_DEPLOY_DIR to a directory of your own")?.join("mcp-stateful").join("aws"))
}

#[cfg(unix)]
fn close_to_others(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}
