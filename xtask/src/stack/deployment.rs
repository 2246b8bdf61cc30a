//! Finds a deployment by its project's name: whose account, which region, where its state is, and what Terraform made.

use anyhow::anyhow;

use super::{Names, Outputs, Terraform, home::Home, settings::Settings, workspace};
use crate::{
    aws::Account,
    cli,
    error::{ErrorExt, Exit},
    project::Project,
    ui::Reporter,
};

/// The region where nobody names one: the original's.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// A deployment as far as it is known before AWS is asked what there is.
#[derive(Debug)]
pub struct DeploymentTarget {
    pub(crate) account: Account,
    pub(crate) names: Names,
    pub(crate) home: Home,
    pub(crate) settings: Settings,
}

/// A deployment that Terraform has made.
#[derive(Debug)]
pub struct Deployment {
    pub account: Account,
    pub(crate) names: Names,
    pub home: Home,
    pub outputs: Outputs,
}

impl DeploymentTarget {
    /// Where a project is, or would be.
    pub(crate) async fn of(which: &cli::TargetArgs) -> anyhow::Result<Self> {
        let account = Account::open(which.region.as_deref(), DEFAULT_REGION).await.exit_code(Exit::Preflight)?;
        Self::in_account(which, account).await
    }

    /// The same, for who has asked for the account already.
    pub(crate) async fn in_account(which: &cli::TargetArgs, account: Account) -> anyhow::Result<Self> {
        let home = Home::of(account.id(), &which.project)?;
        let known = Settings::load(&home)?;
        let account = match (&known, &which.region) {
            (Some(known), None) if known.region != account.region() => {
                Account::open(Some(&known.region), DEFAULT_REGION).await.exit_code(Exit::Preflight)?
            }
            _ => account,
        };
        let settings = Settings::agree(known, account.region(), which.state.as_deref())?;
        Ok(Self { account, names: Names::of(&which.project), home, settings })
    }

    /// What Terraform made, if this machine or the state in S3 knows of it.
    pub(crate) async fn outputs(&self, reporter: Reporter) -> anyhow::Result<Option<Outputs>> {
        if let Some(outputs) = Outputs::load(&self.home)? {
            return Ok(Some(outputs));
        }
        if self.settings.state == super::Backend::Local {
            return Ok(None);
        }
        workspace::prepare(&self.home, &self.settings)?;
        let terraform = Terraform::on(&self.home);
        let step = reporter.begin("state");
        terraform.init(&step).await?;
        let outputs = terraform.outputs()?;
        step.done(&self.settings.state.to_string());
        if outputs.is_some() {
            self.settings.save(&self.home)?;
        }
        Ok(outputs)
    }
}

/// The deployment of a project, or an error that says how to find it or to make it.
pub async fn find(which: &cli::TargetArgs) -> anyhow::Result<Deployment> {
    let place = DeploymentTarget::of(which).await?;
    let outputs = place.outputs(Reporter::Human).await?.ok_or_else(|| unknown(&which.project, &place))?;
    Ok(Deployment { account: place.account, names: place.names, home: place.home, outputs })
}

fn unknown(project: &Project, place: &DeploymentTarget) -> anyhow::Error {
    anyhow!(
        "{project} is not deployed in account {}, as far as this machine knows (it looked in {})",
        place.account.id(),
        place.home.root().display()
    )
    .hint_if_some(project.similar_hint(place.home.root()))
    .hint(format!("run `cargo xtask deploy{}` to deploy it", project.flag()))
    .hint("if another machine deployed it with its state in S3, pass `--state s3://bucket/key`")
    .exit_code(Exit::Unreachable)
}
