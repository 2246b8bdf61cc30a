//! The IAM users of a rehearsal: one for each project, with the policy that `cargo xtask policy` prints and no other
//! permission.

use super::emulator_admin::{EmulatorAdmin, Keys};
use xtask::{
    policy::{self, Scope},
    project::Project,
};

/// The region of the rehearsal.
pub(super) const REGION: &str = "us-east-1";

/// A user with permission to deploy one project.
#[derive(Debug)]
pub(super) struct Deployer {
    pub(super) project: Project,
    pub(super) keys: Keys,
    name: String,
    account: String,
}

impl Deployer {
    pub(super) async fn create(admin: &EmulatorAdmin, account: &str, project: &Project) -> anyhow::Result<Self> {
        let scope = Scope {
            project: project.clone(),
            region: REGION.to_owned(),
            account: account.to_owned(),
            state_bucket: None,
        };
        let name = format!("{project}-deployer");
        let keys = admin.create_user(&name, &policy::render(&scope)?.compact()?).await?;
        Ok(Self { project: project.clone(), keys, name, account: account.to_owned() })
    }

    pub(super) async fn remove(&self, admin: &EmulatorAdmin) -> anyhow::Result<()> {
        admin.remove_user(&self.account, &self.name, &self.keys).await
    }
}
