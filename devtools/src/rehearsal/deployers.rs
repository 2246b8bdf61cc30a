//! Who deploys in a rehearsal: for each project a user who has the published policy of that project, and no other permission.

use super::emulator_admin::{Cloud, Keys};
use xtask::{
    policy::{self, Scope},
    project::Project,
};

/// The region that everything happens in.
pub(super) const REGION: &str = "us-east-1";

/// A user who may deploy one project.
#[derive(Debug)]
pub(super) struct Deployer {
    pub(super) project: Project,
    pub(super) keys: Keys,
    name: String,
    account: String,
}

impl Deployer {
    pub(super) async fn make(cloud: &Cloud, account: &str, project: &Project) -> anyhow::Result<Self> {
        let scope = Scope {
            project: project.clone(),
            region: REGION.to_owned(),
            account: account.to_owned(),
            state_bucket: None,
        };
        let name = format!("{project}-deployer");
        let keys = cloud.user(&name, &policy::render(&scope)?.compact()?).await?;
        Ok(Self { project: project.clone(), keys, name, account: account.to_owned() })
    }

    pub(super) async fn remove(&self, cloud: &Cloud) -> anyhow::Result<()> {
        cloud.remove_user(&self.account, &self.name, &self.keys).await
    }
}
