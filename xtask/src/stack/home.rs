//! The directory of one deployment on AWS on this machine, and the names of the files in it.
//!
//! Everything in it can be rebuilt if the state is kept in S3.

use std::path::{Path, PathBuf};

use crate::{
    dirs::{self, Root},
    project::Project,
};

/// The directory of a deployment.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Returns the directory of a project in an account. Does not create it.
    pub(crate) fn new(account: &str, project: &Project) -> anyhow::Result<Self> {
        Ok(Self { root: dirs::root(Root::Aws)?.join(account).join(project.as_str()) })
    }

    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The region and the backend of the deployment.
    pub(crate) fn settings(&self) -> PathBuf {
        self.root.join("settings.json")
    }

    /// Terraform's outputs after the last apply.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.root.join("outputs.json")
    }

    /// Terraform's working directory: a copy of `infra/` with generated files.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.root.join("infra")
    }

    /// Terraform's data directory: providers and the configured backend.
    pub(crate) fn terraform_data(&self) -> PathBuf {
        self.root.join("terraform")
    }

    /// The state, unless it is kept in S3.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("terraform.tfstate")
    }

    /// Terraform's whole output.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("terraform.log")
    }

    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Creates the directory, readable for its owner only, because a state may hold secrets.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        dirs::create_private(&self.root)
    }

    /// Deletes the directory, if it exists.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        dirs::remove(&self.root)
    }
}
