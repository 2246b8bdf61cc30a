//! A first deploy that fails. There is no version to roll back to, so no task may stay. The next deploy must succeed.

use anyhow::anyhow;

use super::{failed_rollout::expect_causes, second_project};
use crate::rehearsal::{
    TestEnv,
    image::{self, Variant},
};
use xtask::stack::Names;

const FIRST_DEPLOY_FAILED: i32 = 7;

pub(super) async fn first_deploy_fails(env: &TestEnv) -> anyhow::Result<String> {
    let project = second_project()?;
    let good = env.shared.image.borrow().clone();
    let bad = image::push(&good, Variant::Misconfigured).await?;
    let failed = env.deploy(&project, &["--image", &bad]).await?.expect_exit(FIRST_DEPLOY_FAILED)?;
    let cause = expect_causes(&failed, &["configuration", "MCP_MAX_CONCURRENCY"])?;
    let names = Names::new(&project);
    let count = env.admin.desired_count(&names.cluster(), &names.service()).await?;
    if count != 0 {
        return Err(anyhow!("the desired count of {project} is {count} instead of 0"));
    }
    env.deploy(&project, &["--image", &good]).await?.expect_exit(0)?;
    Ok(format!("exit {FIRST_DEPLOY_FAILED} and scaled to zero: {cause}; then a working image is live"))
}
