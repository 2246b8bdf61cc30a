//! The drill on a deployment: it stops, replaces and scales the tasks.

use anyhow::anyhow;

use super::main_project;
use crate::rehearsal::TestEnv;
use xtask::{error::Exit, stack::Names};

/// The violation counters of the report.
const VIOLATIONS: [&str; 6] = ["lost", "duplicated", "out_of_order", "leaked", "reset_twice", "came_back"];

pub(super) async fn drill(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let names = Names::new(&project);
    let before = env.admin.desired_count(&names.cluster(), &names.service()).await?;
    // Without a terminal it cannot ask for confirmation.
    env.run(&project, &["drill"]).await?.expect_exit(Exit::Usage as i32)?.expect_output("--yes")?;
    let drilled = env.run(&project, &["drill", "--yes", "--json"]).await?.expect_exit(0)?;
    let report = drilled.object()?;
    if let Some(violated) = VIOLATIONS.iter().find(|guarantee| report[**guarantee] != 0) {
        return Err(anyhow!("the drill exits with 0 but counts {violated}: {report}"));
    }
    let after = env.admin.desired_count(&names.cluster(), &names.service()).await?;
    if before != after {
        return Err(anyhow!("the drill changed the desired count from {before} to {after}"));
    }
    env.run(&project, &["smoke", "--json"]).await?.expect_exit(0)?;
    let disturbances = report["disturbances"].as_array().map_or(0, Vec::len);
    Ok(format!(
        "{disturbances} disturbances, {} calls, {} lost on purpose, {} repeated, longest gap {} ms, nothing lost or twice; {:.1} s",
        report["calls"], report["lost_on_purpose"], report["repeated"], report["longest_gap_ms"], drilled.seconds
    ))
}
