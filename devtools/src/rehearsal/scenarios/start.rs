//! The first deploy, and a check that the emulator enforces the deployer's policy.

use anyhow::anyhow;

use super::{main_project, second_project};
use crate::rehearsal::{TestEnv, env::deploy_args};
use xtask::error::Exit;

/// Lets a deployer act on another project, which its policy does not allow. If this succeeded, the other scenarios
/// would prove nothing about the policy.
pub(super) async fn policy(env: &TestEnv) -> anyhow::Result<String> {
    *env.shared.before.borrow_mut() = env.state().await?;
    let (own, other) = (main_project()?, second_project()?);
    let denied = env.run_as(&own, &other, &deploy_args(&["--builder", "native"])).await?;
    let error = denied.failure()?;
    if denied.exit != Some(Exit::Preflight as i32) || !error.contains("AccessDenied") {
        return Err(anyhow!("preflight did not reject the deployer of {own} on {other}:\n{error}"));
    }
    Ok(format!("the deployer of {own} is denied access to {other}"))
}

pub(super) async fn deploy(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    if env.shared.before.borrow().is_empty() {
        *env.shared.before.borrow_mut() = env.state().await?;
    }
    let first = env.deploy(&project, &["--builder", "native"]).await?.expect_exit(0)?;
    *env.shared.image.borrow_mut() = first.event_text("deployed", "image")?;
    *env.shared.digest.borrow_mut() = first.event_text("deployed", "digest")?;
    let pushed = env.uploads(&project).await?;

    // Terraform compares its configuration with what ECS stored.
    let second =
        env.deploy(&project, &["--builder", "native"]).await?.expect_exit(0)?.expect_output("nothing to change")?;
    let (before, after) =
        (first.event_text("deployed", "task_definition")?, second.event_text("deployed", "task_definition")?);
    if before != after {
        return Err(anyhow!("a deploy without a change replaced {before} by {after}"));
    }
    let again = env.uploads(&project).await?.split_off(pushed.len());
    if !again.is_empty() {
        return Err(anyhow!("a deploy without a change pushed {}", again.join(", ")));
    }
    let times = [format!("first deploy: {}", first.timings()?), format!("without a change: {}", second.timings()?)];
    env.shared.deploys.borrow_mut().extend(times);
    let url = second.event_text("deployed", "url")?;
    Ok(format!("{url} in {:.1} s; again, without a change, in {:.1} s", first.seconds, second.seconds))
}
