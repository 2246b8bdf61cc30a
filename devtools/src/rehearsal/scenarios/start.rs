//! The first deploy, and that nothing else than what the policy says is allowed on the way.

use anyhow::anyhow;

use super::{main_project, second_project};
use crate::rehearsal::{World, env};
use xtask::error::Exit;

/// A deployer may not do what its policy does not say: else the other scenarios would prove nothing about it. Here it tries
/// what it may do for its own project on another.
pub(super) async fn policy(world: &World) -> anyhow::Result<String> {
    *world.known.before.borrow_mut() = world.state().await?;
    let (own, other) = (main_project()?, second_project()?);
    let refused = world.run_as(&own, &other, &env::deploy(&["--builder", "native"])).await?;
    let told = refused.failure()?;
    if refused.exit != Some(Exit::Preflight as i32) || !told.contains("AccessDenied") {
        return Err(anyhow!("the deployer of {own} was not stopped by preflight on {other}:\n{told}"));
    }
    Ok(format!("the deployer of {own} is denied access to {other}"))
}

pub(super) async fn deploy(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    if world.known.before.borrow().is_empty() {
        *world.known.before.borrow_mut() = world.state().await?;
    }
    let first = world.deploy(&project, &["--builder", "native"]).await?.exit_code(0)?;
    *world.known.image.borrow_mut() = first.told("deployed", "image")?;
    *world.known.digest.borrow_mut() = first.told("deployed", "digest")?;
    let pushed = world.uploads(&project).await?;

    let second = world.deploy(&project, &["--builder", "native"]).await?.exit_code(0)?;
    let (before, after) = (first.told("deployed", "task_definition")?, second.told("deployed", "task_definition")?);
    if before != after {
        return Err(anyhow!("a deploy without a change made {after} of {before}"));
    }
    let again = world.uploads(&project).await?.split_off(pushed.len());
    if !again.is_empty() {
        return Err(anyhow!("a deploy without a change pushed {}", again.join(", ")));
    }
    let times = [format!("first deploy: {}", first.times()?), format!("without a change: {}", second.times()?)];
    world.known.deploys.borrow_mut().extend(times);
    let url = second.told("deployed", "url")?;
    Ok(format!("{url} in {:.1} s; again, without a change, in {:.1} s", first.seconds, second.seconds))
}
