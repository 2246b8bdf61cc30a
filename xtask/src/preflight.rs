//! Looks for everything that would stop a deployment on AWS, before anything is changed, and reports all of it at once.
//!
//! Changes nothing but making the deployment's directory on this machine.

mod exposure;
mod plan;
mod public_ip;
mod table;

use std::fs;

use anyhow::bail;

use crate::{
    aws::{Account, ec2},
    cli,
    image::{self, Architecture},
    lock::{self, Lock},
    problem::{self, Problem},
    stack::{DeploymentTarget, Variables, deployment::DEFAULT_REGION},
    terraform,
    ui::Reporter,
};

pub(crate) use self::{exposure::Exposure, plan::Plan, table::Adoption};

/// What a deployment is asked to do, as far as it decides what it needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) builder: Option<cli::Builder>,
    /// An image that is there, by digest: nothing has to be built.
    pub(crate) image: Option<String>,
    pub(crate) allowed_cidr: Option<String>,
    pub(crate) vars: Vec<String>,
    pub(crate) adopt_table: bool,
}

/// What preflight found out; what the next steps work with.
#[derive(Debug)]
pub(crate) struct PreflightResult {
    /// Keeps other commands on this machine from changing the deployment.
    pub(crate) lock: Lock,
    pub(crate) place: DeploymentTarget,
    pub(crate) variables: Variables,
    pub(crate) architecture: Architecture,
    pub(crate) builder: Option<image::Plan>,
    pub(crate) exposure: Exposure,
    pub(crate) adoption: Option<Adoption>,
    pub(crate) terraform: String,
}

/// Checks this machine, the credentials, and the account.
pub(crate) async fn check(
    which: &cli::TargetArgs,
    request: &Request,
    reporter: Reporter,
) -> anyhow::Result<PreflightResult> {
    let variables = Variables::given(&which.project, &request.vars)?;
    let architecture = Architecture::of(&variables.text_or("cpu_architecture", "X86_64"))?;
    let mut problems = Vec::new();

    let terraform = note(&mut problems, terraform::require());
    let builder = match request.image {
        Some(_) => None,
        None => note(&mut problems, image::plan(request.builder, architecture)),
    };
    let wanted = request.allowed_cidr.clone().or_else(|| variables.text("allowed_cidr"));
    let exposure = note(&mut problems, exposure::decide(wanted.as_deref(), &variables).await);
    let opened = Account::open(which.region.as_deref(), DEFAULT_REGION).await;
    let account = note(&mut problems, opened.map_err(|error| Problem::of(&error)));

    let mut place = None;
    let mut adoption = None;
    if let Some(account) = account {
        let found = DeploymentTarget::in_account(which, account).await?;
        problems.extend(not_writable(&found));
        let vpc = no_default_vpc(&found.account).await;
        if let Some(Some(problem)) = answered(&mut problems, vpc) {
            problems.push(problem);
        }
        let table = table::look(&found, &variables, request.adopt_table).await;
        adoption = answered(&mut problems, table).and_then(|table| note(&mut problems, table)).flatten();
        place = Some(found);
    }
    problem::report(&problems)?;
    let (Some(place), Some(exposure), Some(terraform)) = (place, exposure, terraform) else {
        bail!("preflight found no problem, and not all that it was looking for");
    };
    let lock = lock::wait(&place.home.lock(), reporter).await?;
    Ok(PreflightResult { lock, place, variables, architecture, builder, exposure, adoption, terraform })
}

fn note<T>(problems: &mut Vec<Problem>, found: Result<T, Problem>) -> Option<T> {
    found.map_err(|problem| problems.push(problem)).ok()
}

/// What AWS answered; that it did not is a problem like another.
fn answered<T>(problems: &mut Vec<Problem>, answer: anyhow::Result<T>) -> Option<T> {
    let fix = "see that these credentials have what `cargo xtask policy` prints, for this project and region";
    note(problems, answer.map_err(|error| Problem::new(format!("{error:#}"), fix)))
}

fn not_writable(place: &DeploymentTarget) -> Option<Problem> {
    let probe = place.home.root().join("probe");
    let tried = place.home.create().and_then(|()| {
        fs::write(&probe, [0; 4096])?;
        fs::remove_file(&probe)?;
        Ok(())
    });
    tried.err().map(|error| {
        Problem::new(
            format!("{} is not writable: {error:#}", place.home.root().display()),
            "make room or make it writable, or set MCP_DEPLOY_DIR to a directory of your own",
        )
    })
}

async fn no_default_vpc(account: &Account) -> anyhow::Result<Option<Problem>> {
    let region = account.region();
    Ok(ec2::default_vpc(account).await?.is_none().then(|| {
        Problem::new(
            format!("region {region} of account {} has no default VPC", account.id()),
            format!("make one with `aws ec2 create-default-vpc --region {region}`, or choose another --region"),
        )
    }))
}
