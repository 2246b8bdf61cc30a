//! New versions that never become healthy under load, and a missing permission. The old version must keep serving
//! without losing a note, and the error must name the cause.

use anyhow::{Context, anyhow};

use super::main_project;
use crate::rehearsal::{
    TestEnv,
    image::{self, Variant},
    outcome::Outcome,
    service::Service,
};
use xtask::{error::Exit, project::Project, stack::Names};

const ROLLED_BACK: i32 = 6;
const SMOKE: i32 = 9;
const OPERATION: &str = "dynamodb:BatchWriteItem";

pub(super) async fn crash(env: &TestEnv) -> anyhow::Result<String> {
    let image = variant(env, Variant::Misconfigured).await?;
    // The service logs the name of the invalid setting.
    fails(env, &["--image", &image], &["configuration", "MCP_MAX_CONCURRENCY"]).await
}

pub(super) async fn never_healthy(env: &TestEnv) -> anyhow::Result<String> {
    let image = variant(env, Variant::WrongPort).await?;
    fails(env, &["--image", &image], &["health check"]).await
}

/// Names a token and an image that do not exist. Preflight has to report both and change nothing.
pub(super) async fn missing_secret(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let nowhere = "token_parameter_arn=arn:aws:ssm:us-east-1:000000000000:parameter/nowhere";
    let image = env.shared.image.borrow().clone();
    let (repository, _) = image.split_once('@').context("the deployed image has no digest")?;
    let missing = format!("{repository}@sha256:{}", "0".repeat(64));
    let service = Service::find(env, &project).await?;
    let before = service.revision().await?;
    let failed =
        env.deploy(&project, &["--image", &missing, "--var", nowhere]).await?.expect_exit(Exit::Preflight as i32)?;
    expect_causes(&failed, &["parameter/nowhere does not exist", "is not in its registry"])?;
    let after = Service::find(env, &project).await?.revision().await?;
    if before != after {
        return Err(anyhow!("a deploy that failed in preflight replaced {before} by {after}"));
    }
    Ok(format!("exit {} after {:.1} s, nothing changed", Exit::Preflight as i32, failed.seconds))
}

pub(super) async fn missing_permission(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let [_, role] = Names::new(&project).roles();
    env.admin.deny(&role, OPERATION).await?;
    let result = deploy_denied(env, &project).await;
    env.admin.undo_deny(&role).await?;
    let summary = result?;
    env.run(&project, &["smoke", "--json"]).await?.expect_exit(0)?;
    Ok(format!("without {OPERATION} {summary}; with it smoke succeeds again"))
}

async fn deploy_denied(env: &TestEnv, project: &Project) -> anyhow::Result<String> {
    let image = env.shared.image.borrow().clone();
    let deployed = env.deploy(project, &["--image", &image]).await?.expect_exit(SMOKE)?;
    *env.shared.digest.borrow_mut() = digest(&image);
    expect_causes(&deployed, &["permission", "BatchWriteItem"])?;
    env.run(project, &["smoke", "--json"]).await?.expect_exit(SMOKE)?;
    Ok(format!("deploy and smoke exit with {SMOKE}, and deploy names the operation"))
}

/// Deploys a broken version under load. Expects a rollback, an error that names the causes, and the old version
/// serving.
async fn fails(env: &TestEnv, args: &[&str], causes: &[&str]) -> anyhow::Result<String> {
    let project = main_project()?;
    let service = Service::find(env, &project).await?;
    let deploy = async { env.deploy(&project, args).await?.expect_exit(ROLLED_BACK) };
    let (failed, load) = service.under_load(deploy).await?;
    let cause = expect_causes(&failed, causes)?;
    let expected = env.shared.digest.borrow().clone();
    let status = env.run(&project, &["status", "--json"]).await?.expect_exit(0)?.object()?;
    if status["digest"] != expected.as_str() {
        return Err(anyhow!("{expected} is no longer running: {status}"));
    }
    // `token` and `status` must report the old version's values, not those of the failed deploy.
    Service::find(env, &project).await?.add("still-there", "a note").await?;
    Ok(format!("exit {ROLLED_BACK} after {:.1} s, the old version serves: {cause}; {load}", failed.seconds))
}

/// Returns the cause of a failure. Fails unless the error contains all `causes`.
pub(super) fn expect_causes(failed: &Outcome, causes: &[&str]) -> anyhow::Result<String> {
    let error = failed.failure()?;
    match causes.iter().find(|cause| !error.to_lowercase().contains(&cause.to_lowercase())) {
        Some(cause) => Err(anyhow!("the error of `{}` does not mention {cause:?}:\n{error}", failed.line)),
        None => failed.cause(),
    }
}

async fn variant(env: &TestEnv, variant: Variant) -> anyhow::Result<String> {
    let image = env.shared.image.borrow().clone();
    image::push(&image, variant).await
}

fn digest(reference: &str) -> String {
    reference.split_once('@').map_or("", |(_, digest)| digest).to_owned()
}
