//! Looks for everything that would fail a deployment on AWS before anything is changed, and reports all of it together.
//!
//! Changes nothing, except that it creates the deployment's directory on this machine.

mod capacity;
mod existing_image;
mod exposure;
mod findings;
mod front;
mod grants;
mod network;
mod oauth;
mod plan;
mod public_ip;
mod secret;
mod settings;
mod source;
mod table;
mod tool_secrets;

use anyhow::bail;

use crate::{
    aws::Account,
    cli,
    dirs::{self, Root},
    environments::{Environment, Name, Place},
    image::{self, Architecture, Assets},
    infra::Infra,
    lock::{self, Lock},
    problem::{self, Problem},
    source::{Source, Workspace},
    stack::{DeploymentTarget, Variables, deployment::DEFAULT_REGION},
    terraform,
    token::Token,
    ui::Reporter,
};

pub(crate) use self::{exposure::Exposure, plan::Plan, table::Adoption};
use self::{findings::Findings, network::Needs};

/// The options of a deployment that preflight checks.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) workspace: Workspace,
    /// The package to build. `None` if an existing image is deployed.
    pub(crate) source: Option<Source>,
    pub(crate) builder: Option<cli::Builder>,
    /// The digest reference of an existing image, so that none is built.
    pub(crate) image: Option<String>,
    pub(crate) allowed_cidr: Option<String>,
    pub(crate) environment: Option<Name>,
    pub(crate) vars: Vec<String>,
    pub(crate) adopt_table: bool,
}

/// The findings of preflight, on which the next steps work.
#[derive(Debug)]
pub(crate) struct PreflightResult {
    /// Keeps other commands on this machine from changing the deployment. Held until the command ends.
    pub(crate) lock: Lock,
    pub(crate) place: DeploymentTarget,
    /// The source of the settings.
    pub(crate) settings: String,
    /// The token that the settings refer to, if it is not in a parameter of SSM.
    pub(crate) token: Option<Token>,
    pub(crate) variables: Variables,
    pub(crate) architecture: Architecture,
    /// The files for the image.
    pub(crate) assets: Assets,
    /// The package to build and its builder. `None` if an existing image is deployed.
    pub(crate) build: Option<(Source, image::Plan)>,
    pub(crate) exposure: Exposure,
    pub(crate) adoption: Option<Adoption>,
    /// The version of the installed Terraform.
    pub(crate) terraform: String,
    /// Facts that only the apply can show, or that these credentials may not ask for.
    pub(crate) unknown: Vec<String>,
}

/// Checks this machine, the credentials and the account.
///
/// Fails with [`crate::error::Exit::Preflight`] and the list of all problems.
pub(crate) async fn check(
    which: &cli::TargetArgs,
    request: &Request,
    reporter: Reporter,
) -> anyhow::Result<PreflightResult> {
    let mut findings = Findings::default();
    let problems = &mut findings.problems;
    let (name, project) = (request.environment.as_ref(), which.project.as_str());
    let environment = Environment::load(&request.workspace, name, project, Place::Aws, problems);
    problems.extend(terraform::env::problems(&environment.variables));
    problems.extend(settings::problems(&environment));
    let token = environment.token(problems);
    let variables = Variables::new(&environment, &request.vars)?;
    let architecture = Architecture::from_terraform(&variables.text_or("cpu_architecture", "X86_64"))?;

    let terraform = findings.collect(terraform::require());
    let builder = match &request.source {
        None => None,
        Some(source) => {
            findings.problems.extend(source::problems(source));
            findings.collect(image::plan(request.builder, architecture, source))
        }
    };
    let assets = match request.image {
        Some(_) => Assets::default(),
        None => findings.collect(Assets::read(request.workspace.root(), &environment.assets)).unwrap_or_default(),
    };
    let wanted = request.allowed_cidr.clone().or_else(|| variables.text("allowed_cidr"));
    let exposure = findings.collect(exposure::decide(wanted.as_deref(), &variables).await);
    oauth::check(&variables, &mut findings);
    front::check(&variables, &mut findings);
    let opened = Account::open(which.region.as_deref(), DEFAULT_REGION).await;
    let account = findings.collect(opened.map_err(|error| Problem::from_error(&error)));

    let mut place = None;
    let mut adoption = None;
    if let Some(account) = account {
        let mut target = DeploymentTarget::in_account(which, account).await?;
        target.infra = Infra::of(request.workspace.root());
        let needs = Needs::new(&variables, architecture, exposure.as_ref());
        check_account(&target.account, &variables, request.image.as_deref(), needs, &mut findings).await;
        let state = target.settings.state.region(&target.account).await;
        findings.collect(state.map_err(|error| Problem::from_error(&error)));
        let table = table::find_adoption(&target, &variables, request.adopt_table).await;
        adoption = findings.collect_aws(table).and_then(|table| findings.collect(table)).flatten();
        findings.problems.extend(dirs::not_writable(Root::Aws, target.home.root(), target.home.create()));
        place = Some(target);
    }
    problem::report(&findings.problems)?;
    let (Some(place), Some(exposure), Some(terraform)) = (place, exposure, terraform) else {
        bail!("internal error: preflight reported no problems but is incomplete");
    };
    let lock = lock::wait(&place.home.lock(), reporter).await?;
    let settings = environment.source();
    Ok(PreflightResult {
        lock,
        place,
        settings,
        token,
        variables,
        architecture,
        assets,
        build: request.source.clone().zip(builder),
        exposure,
        adoption,
        terraform,
        unknown: findings.unknown,
    })
}

/// Checks what the account has to provide. Every check runs, so that all problems are reported together.
async fn check_account(
    account: &Account,
    variables: &Variables,
    image: Option<&str>,
    needs: Needs<'_>,
    findings: &mut Findings,
) {
    network::check(account, needs, findings).await;
    capacity::check(account, variables, findings).await;
    secret::check(account, variables, findings).await;
    tool_secrets::check(account, variables, findings).await;
    if let Some(image) = image {
        existing_image::check(account, image, findings).await;
    }
}
