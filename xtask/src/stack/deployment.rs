//! Finds a deployment by its project: its account and region, where its state is kept, and what Terraform created.

use anyhow::anyhow;

use super::{Names, Outputs, Terraform, home::Home, settings::Settings, workspace};
use crate::{
    aws::{Account, endpoint},
    cli,
    error::{ErrorExt, Exit},
    infra::Infra,
    project::Project,
    ui::{self, Reporter},
};

/// The region of a deployment for which no source names one, as on the v1 (Python) server.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// The account, region, names and settings of a project, whether or not it is deployed.
#[derive(Debug)]
pub struct DeploymentTarget {
    pub(crate) account: Account,
    pub(crate) names: Names,
    pub(crate) home: Home,
    pub(crate) settings: Settings,
    /// The Terraform configuration.
    pub(crate) infra: Infra,
}

/// A deployment that Terraform has created.
#[derive(Debug)]
pub struct Deployment {
    pub account: Account,
    pub(crate) names: Names,
    pub home: Home,
    pub outputs: Outputs,
}

impl DeploymentTarget {
    /// Resolves the arguments to an account and region, using the settings of an earlier deployment where the
    /// arguments are silent.
    pub(crate) async fn resolve(which: &cli::TargetArgs) -> anyhow::Result<Self> {
        let account = Account::open(which.region.as_deref(), DEFAULT_REGION).await.exit_code(Exit::Preflight)?;
        Self::in_account(which, account).await
    }

    /// Does the same as [`Self::resolve`] with an account that is open already.
    pub(crate) async fn in_account(which: &cli::TargetArgs, account: Account) -> anyhow::Result<Self> {
        let home = Home::new(account.id(), &which.project)?;
        let known = Settings::load(&home)?;
        let account = match (&known, &which.region) {
            (Some(known), None) if known.region != account.region() => {
                Account::open(Some(&known.region), DEFAULT_REGION).await.exit_code(Exit::Preflight)?
            }
            _ => account,
        };
        let settings = Settings::merge(known, account.region(), which.state.as_deref())?;
        Ok(Self { account, names: Names::new(&which.project), home, settings, infra: Infra::here() })
    }

    /// Rebuilds the directory that Terraform works in.
    pub(crate) async fn prepare_workspace(&self) -> anyhow::Result<()> {
        let state = &self.settings.state;
        let path_style = endpoint::configured(self.account.config(), endpoint::S3).is_some();
        let backend = state.block(&self.home.state(), &state.region(&self.account).await?, path_style);
        workspace::rebuild(&self.home, &self.infra, &backend)
    }

    /// Returns Terraform's outputs, from this machine's copy or the state in S3. `None` if neither knows the
    /// deployment.
    pub(crate) async fn outputs(&self, reporter: Reporter) -> anyhow::Result<Option<Outputs>> {
        if let Some(outputs) = Outputs::load(&self.home)? {
            return Ok(Some(outputs));
        }
        if self.settings.state == super::Backend::Local {
            return Ok(None);
        }
        self.prepare_workspace().await?;
        let terraform = Terraform::read_only(self);
        let step = reporter.begin("state");
        terraform.init(&step).await?;
        let outputs = terraform.outputs().await?;
        step.done(&self.settings.state.to_string());
        if outputs.is_some() {
            self.settings.save(&self.home)?;
        }
        Ok(outputs)
    }
}

/// Returns a project's deployment. Fails with a hint if neither this machine nor the state in S3 knows it.
pub async fn find(which: &cli::TargetArgs) -> anyhow::Result<Deployment> {
    let target = DeploymentTarget::resolve(which).await?;
    ui::step("directory", &target.home.root().display().to_string());
    let outputs = target.outputs(Reporter::Human).await?.ok_or_else(|| not_found(&which.project, &target))?;
    Ok(Deployment { account: target.account, names: target.names, home: target.home, outputs })
}

fn not_found(project: &Project, target: &DeploymentTarget) -> anyhow::Error {
    anyhow!(
        "no deployment of {project} is known in account {} (looked in {})",
        target.account.id(),
        target.home.root().display()
    )
    .hint_if_some(project.similar_hint(target.home.root()))
    .hint("add `--state s3://bucket/key` if it was deployed from another machine with its state in S3")
    .hint(format!("run `cargo xtask deploy{}` to deploy it", project.flag()))
    .exit_code(Exit::Unreachable)
}
