//! Deploys that do not come to their end: each goes on from where the one before was cut off, and the last one is live.

use std::time::Duration;

use anyhow::anyhow;

use super::third_project;
use crate::rehearsal::{World, env};

const INTERRUPTED: i32 = 130;
/// Long enough for Terraform to be making things, short enough for it not to be done.
const INTO_APPLY: Duration = Duration::from_secs(4);

/// A step, how long into it, and whether as Ctrl-C does or without a word.
const CUTS: [(&str, Duration, bool); 9] = [
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

pub(super) async fn everywhere(world: &World) -> anyhow::Result<String> {
    let project = third_project()?;
    for (step, into, politely) in CUTS {
        let mut running = world.launch(&project, &env::deploy(&["--builder", "native"])).await?;
        running.started(step).await?;
        tokio::time::sleep(into).await;
        let ended = if politely { running.interrupt().await? } else { running.kill().await? };
        if politely && ended.exit != Some(INTERRUPTED) {
            return Err(anyhow!("Ctrl-C in {step} ended the deploy with {:?}\n{}", ended.exit, ended.said));
        }
    }
    let last = world.deploy(&project, &["--builder", "native"]).await?.exit_code(0)?;
    world.run(&project, &["smoke", "--json"]).await?.exit_code(0)?;
    Ok(format!("cut off {} times in every step, each goes on; live after {:.1} s more", CUTS.len(), last.seconds))
}
