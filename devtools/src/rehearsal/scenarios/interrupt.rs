//! Deploys that are interrupted: each resumes from where the one before stopped, and the last one succeeds.

use std::time::Duration;

use anyhow::anyhow;

use super::third_project;
use crate::rehearsal::{TestEnv, env::deploy_args};

const INTERRUPTED: i32 = 130;
/// Long enough for Terraform to be creating resources, too short for it to finish.
const INTO_APPLY: Duration = Duration::from_secs(4);

/// A step, the time into it, and true for Ctrl-C or false for SIGKILL.
const INTERRUPTIONS: [(&str, Duration, bool); 9] = [
    ("preflight", Duration::ZERO, false),
    ("registry", Duration::ZERO, false),
    ("image", Duration::ZERO, false),
    ("apply", Duration::ZERO, false),
    ("apply", INTO_APPLY, false),
    ("apply", INTO_APPLY, true),
    ("wait", Duration::ZERO, false),
    ("address", Duration::ZERO, false),
    ("smoke", Duration::ZERO, false),
];

pub(super) async fn in_every_step(env: &TestEnv) -> anyhow::Result<String> {
    let project = third_project()?;
    for (step, delay, ctrl_c) in INTERRUPTIONS {
        let mut running = env.launch(&project, &deploy_args(&["--builder", "native"])).await?;
        running.wait_for_step(step).await?;
        tokio::time::sleep(delay).await;
        let ended = if ctrl_c { running.interrupt().await? } else { running.kill()? };
        if ctrl_c && ended.exit != Some(INTERRUPTED) {
            return Err(anyhow!("after Ctrl-C in {step} the deploy exited with {:?}\n{}", ended.exit, ended.output));
        }
    }
    let last = env.deploy(&project, &["--builder", "native"]).await?.expect_exit(0)?;
    env.run(&project, &["smoke", "--json"]).await?.expect_exit(0)?;
    Ok(format!("interrupted {} times, in every step; live after {:.1} s more", INTERRUPTIONS.len(), last.seconds))
}
