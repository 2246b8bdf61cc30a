//! `cargo xtask rehearse`: the scenarios on a fresh emulator; the command fails if any of them does.

use std::{cell::RefCell, time::Instant};

use anyhow::anyhow;
use futures_util::future;

use crate::{
    cli,
    rehearsal::{Lane, Report, SCENARIOS, Scenario, World},
};
use xtask::{
    error::{ErrorExt, Exit},
    runtime, ui,
};

pub(crate) fn run(args: &cli::Rehearse) -> anyhow::Result<()> {
    if args.list {
        ui::result(&SCENARIOS.map(|scenario| scenario.name).join("\n"));
        return Ok(());
    }
    let chosen = choose(&args.only)?;
    runtime::until_interrupted(rehearse(&chosen, args.keep))
}

/// Every scenario, as CI has it.
pub(super) fn all() -> anyhow::Result<()> {
    runtime::until_interrupted(rehearse(&choose(&[])?, false))
}

async fn rehearse(chosen: &[&Scenario], keep: bool) -> anyhow::Result<()> {
    let world = World::start().await?;
    let report = RefCell::new(Report::default());
    for together in chosen.chunk_by(|one, next| one.lane != Lane::Alone && next.lane != Lane::Alone) {
        future::join_all(lanes(together).iter().map(|lane| play(lane, &world, &report))).await;
    }
    let report = report.into_inner();
    ui::result(&format!("\n{}", report.table()));
    if let Some(deploys) = world.deploys() {
        ui::result(&format!("\n{deploys}"));
    }
    if keep {
        ui::result(&format!("\neverything runs on; to look at it as its owner:\n\n{}", world.leave()));
    }
    conclude(&report)
}

/// Scenarios that are played side by side, each lane in its order.
fn lanes<'a>(together: &[&'a Scenario]) -> Vec<Vec<&'a Scenario>> {
    let mut lanes: Vec<Vec<&Scenario>> = Vec::new();
    for scenario in together {
        match lanes.iter_mut().find(|lane| lane.iter().any(|other| other.lane == scenario.lane)) {
            Some(lane) => lane.push(scenario),
            None => lanes.push(vec![scenario]),
        }
    }
    lanes
}

async fn play(lane: &[&Scenario], world: &World, report: &RefCell<Report>) {
    for scenario in lane {
        let failed = scenario.needs.iter().find(|need| report.borrow().failed(need));
        if let Some(need) = failed {
            report.borrow_mut().skip(scenario.name, need);
            continue;
        }
        ui::step("scenario", scenario.name);
        let since = Instant::now();
        let result = (scenario.run)(world).await;
        report.borrow_mut().add(scenario.name, since.elapsed().as_secs_f64(), result);
    }
}

/// What was asked for and what that builds on, in the order of the list.
fn choose(only: &[String]) -> anyhow::Result<Vec<&'static Scenario>> {
    if let Some(unknown) = only.iter().find(|name| SCENARIOS.iter().all(|scenario| scenario.name != **name)) {
        return Err(anyhow!("there is no scenario `{unknown}`"))
            .hint(format!("the scenarios are: {}", SCENARIOS.map(|scenario| scenario.name).join(", ")))
            .exit_code(Exit::Usage);
    }
    let mut chosen: Vec<&'static Scenario> = Vec::new();
    for scenario in SCENARIOS.iter().rev() {
        let needed = chosen.iter().any(|later| later.needs.contains(&scenario.name));
        if only.is_empty() || needed || only.iter().any(|name| name == scenario.name) {
            chosen.push(scenario);
        }
    }
    chosen.reverse();
    Ok(chosen)
}

fn conclude(report: &Report) -> anyhow::Result<()> {
    let failures = report.failures();
    if failures.is_empty() {
        return Ok(());
    }
    Err(anyhow!("of the rehearsal these failed: {}", failures.join(", ")))
        .hint("run one alone, and look at what is there, with `cargo xtask rehearse --only '<name>' --keep`")
        .hint("what each command said is in tools/rehearsal/logs of cargo's target directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        choose(&only).unwrap().iter().map(|scenario| scenario.name).collect()
    }

    #[test]
    fn what_a_scenario_builds_on_is_played_first() {
        assert_eq!(names(&["destroy again"]), ["deploy", "destroy", "destroy again"]);
        assert_eq!(names(&["policy"]), ["policy"]);
        assert_eq!(names(&[]).len(), SCENARIOS.len());
    }

    #[test]
    fn lanes_keep_the_order_and_lose_nothing() {
        let together: Vec<&Scenario> = SCENARIOS.iter().filter(|scenario| scenario.lane != Lane::Alone).collect();
        let lanes = lanes(&together);
        assert!(lanes.len() > 1);
        assert_eq!(lanes.concat().len(), together.len());
        for lane in lanes {
            let order = |scenario: &&Scenario| SCENARIOS.iter().position(|other| other.name == scenario.name);
            assert!(lane.is_sorted_by_key(order));
        }
    }

    #[test]
    fn an_unknown_scenario_is_a_wrong_command_line() {
        assert_eq!(xtask::error::exit_of(&choose(&["nope".to_owned()]).unwrap_err()), Exit::Usage);
    }
}
