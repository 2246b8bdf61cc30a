//! A first deploy that fails: there is nothing to go back to, so nothing may go on running; and the next deploy is as good as
//! any.

use anyhow::anyhow;

use super::{failed_rollout::tells, second_project};
use crate::rehearsal::{
    World,
    image::{self, Variant},
};
use xtask::stack::Names;

const FIRST_DEPLOY_FAILED: i32 = 7;

pub(super) async fn fails(world: &World) -> anyhow::Result<String> {
    let project = second_project()?;
    let good = world.known.image.borrow().clone();
    let bad = image::push(&good, Variant::Refused).await?;
    let failed = world.deploy(&project, &["--image", &bad]).await?.exit_code(FIRST_DEPLOY_FAILED)?;
    let told = tells(&failed, &["configuration", "MCP_MAX_CONCURRENCY"])?;
    let names = Names::of(&project);
    let wanted = world.cloud.wanted(&names.cluster(), &names.service()).await?;
    if wanted != 0 {
        return Err(anyhow!("{wanted} tasks of {project} are still to run, though none can"));
    }
    world.deploy(&project, &["--image", &good]).await?.exit_code(0)?;
    Ok(format!("exit {FIRST_DEPLOY_FAILED} and scaled to zero: {told}; then a good image is live"))
}
