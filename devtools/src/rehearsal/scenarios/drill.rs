//! The drill itself, on a deployment: tasks are stopped, replaced, more and fewer.

use anyhow::anyhow;

use super::main_project;
use crate::rehearsal::World;
use xtask::{error::Exit, stack::Names};

/// Everything that is counted and may not be.
const PROMISES: [&str; 6] = ["lost", "duplicated", "out_of_order", "leaked", "reset_twice", "came_back"];

pub(super) async fn drill(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let names = Names::of(&project);
    let before = world.cloud.wanted(&names.cluster(), &names.service()).await?;
    // Nobody is there to be asked.
    world.run(&project, &["drill"]).await?.exit_code(Exit::Usage as i32)?.says("--yes")?;
    let drilled = world.run(&project, &["drill", "--yes", "--json"]).await?.exit_code(0)?;
    let report = drilled.object()?;
    if let Some(broken) = PROMISES.iter().find(|promise| report[**promise] != 0) {
        return Err(anyhow!("the drill ends well, and counts {broken}: {report}"));
    }
    let after = world.cloud.wanted(&names.cluster(), &names.service()).await?;
    if before != after {
        return Err(anyhow!("{before} tasks were to run before the drill, and {after} are after it"));
    }
    world.run(&project, &["smoke", "--json"]).await?.exit_code(0)?;
    let disturbances = report["disturbances"].as_array().map_or(0, Vec::len);
    Ok(format!(
        "{disturbances} disturbances, {} calls, {} lost on purpose, {} repeated, longest gap {} ms, nothing lost or twice; {:.1} s",
        report["calls"], report["lost_on_purpose"], report["repeated"], report["longest_gap_ms"], drilled.seconds
    ))
}
