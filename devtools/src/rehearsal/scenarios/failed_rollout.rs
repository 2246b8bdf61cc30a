//! New versions that do not come up while clients work, and a permission that goes: the old version serves on and loses
//! nothing, and the cause is told.

use anyhow::anyhow;

use super::main_project;
use crate::rehearsal::{
    World,
    image::{self, Variant},
    outcome::Outcome,
    service::Service,
};
use xtask::{project::Project, stack::Names};

const ROLLED_BACK: i32 = 6;
const SMOKE: i32 = 9;
const OPERATION: &str = "dynamodb:BatchWriteItem";

pub(super) async fn crash(world: &World) -> anyhow::Result<String> {
    let image = variant(world, Variant::Refused).await?;
    // The service names the setting, and what it says about it is in its log.
    fails(world, &["--image", &image], &["configuration", "MCP_MAX_CONCURRENCY"]).await
}

pub(super) async fn never_healthy(world: &World) -> anyhow::Result<String> {
    let image = variant(world, Variant::OnAnotherPort).await?;
    fails(world, &["--image", &image], &["health check"]).await
}

pub(super) async fn missing_secret(world: &World) -> anyhow::Result<String> {
    let nowhere = "token_parameter_arn=arn:aws:ssm:us-east-1:000000000000:parameter/nowhere";
    let image = world.known.image.borrow().clone();
    fails(world, &["--image", &image, "--var", nowhere], &["secret"]).await
}

pub(super) async fn missing_permission(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let [_, role] = Names::of(&project).roles();
    world.cloud.forbid(&role, OPERATION).await?;
    let denied = denied(world, &project).await;
    world.cloud.allow_again(&role).await?;
    let denied = denied?;
    world.run(&project, &["smoke", "--json"]).await?.exit_code(0)?;
    Ok(format!("without {OPERATION} {denied}; with it again smoke is green"))
}

async fn denied(world: &World, project: &Project) -> anyhow::Result<String> {
    let image = world.known.image.borrow().clone();
    let deployed = world.deploy(project, &["--image", &image]).await?.exit_code(SMOKE)?;
    *world.known.digest.borrow_mut() = digest(&image);
    tells(&deployed, &["permission", "BatchWriteItem"])?;
    world.run(project, &["smoke", "--json"]).await?.exit_code(SMOKE)?;
    Ok(format!("deploy and smoke end with {SMOKE}, and deploy names the operation"))
}

/// Deploys what cannot work while clients do: the exit code says that the old version serves again, the error says why, and
/// it does serve.
async fn fails(world: &World, args: &[&str], causes: &[&str]) -> anyhow::Result<String> {
    let project = main_project()?;
    let service = Service::of(world, &project).await?;
    let failing = async { world.deploy(&project, args).await?.exit_code(ROLLED_BACK) };
    let (failed, seen) = service.under_load(failing).await?;
    let told = tells(&failed, causes)?;
    let expected = world.known.digest.borrow().clone();
    let status = world.run(&project, &["status", "--json"]).await?.exit_code(0)?.object()?;
    if status["digest"] != expected.as_str() {
        return Err(anyhow!("{expected} does not serve any more: {status}"));
    }
    // Found by our own commands, token and all, which must not go by what the failed deploy asked for.
    Service::of(world, &project).await?.add("still-there", "a note").await?;
    Ok(format!("exit {ROLLED_BACK} after {:.1} s, the old version serves: {told}; {seen}", failed.seconds))
}

/// Why it failed, if the error tells of all these.
pub(super) fn tells(failed: &Outcome, causes: &[&str]) -> anyhow::Result<String> {
    let told = failed.failure()?;
    match causes.iter().find(|cause| !told.to_lowercase().contains(&cause.to_lowercase())) {
        Some(cause) => Err(anyhow!("`{}` does not tell of {cause:?}:\n{told}", failed.line)),
        None => failed.cause(),
    }
}

async fn variant(world: &World, variant: Variant) -> anyhow::Result<String> {
    let image = world.known.image.borrow().clone();
    image::push(&image, variant).await
}

fn digest(reference: &str) -> String {
    reference.split_once('@').map_or("", |(_, digest)| digest).to_owned()
}
