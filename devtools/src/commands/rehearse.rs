//! `cargo xtask rehearse`: runs the scenarios on a fresh emulator. Fails if one of them fails.

use std::{cell::RefCell, time::Instant};

use anyhow::anyhow;
use futures_util::future;

use crate::{
    cli,
    rehearsal::{Group, Report, SCENARIOS, Scenario, TestEnv},
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

/// Runs every scenario, as in CI.
pub(super) fn all() -> anyhow::Result<()> {
    runtime::until_interrupted(rehearse(&choose(&[])?, false))
}

async fn rehearse(chosen: &[&Scenario], keep: bool) -> anyhow::Result<()> {
    let env = TestEnv::start().await?;
    let report = RefCell::new(Report::default());
    for together in chosen.chunk_by(|one, next| one.group != Group::Exclusive && next.group != Group::Exclusive) {
        future::join_all(groups(together).iter().map(|group| run_group(group, &env, &report))).await;
    }
    let report = report.into_inner();
    ui::result(&format!("\n{}", report.table()));
    if let Some(deploys) = env.deploys() {
        ui::result(&format!("\n{deploys}"));
    }
    if keep {
        ui::result(&format!(
            "\neverything keeps running; to inspect it as the account's owner:\n\n{}",
            env.keep_running()
        ));
    }
    conclude(&report)
}

/// Splits scenarios that may run in parallel by their group, each in its order.
fn groups<'a>(together: &[&'a Scenario]) -> Vec<Vec<&'a Scenario>> {
    let mut groups: Vec<Vec<&Scenario>> = Vec::new();
    for scenario in together {
        match groups.iter_mut().find(|group| group.iter().any(|other| other.group == scenario.group)) {
            Some(group) => group.push(scenario),
            None => groups.push(vec![scenario]),
        }
    }
    groups
}

async fn run_group(group: &[&Scenario], env: &TestEnv, report: &RefCell<Report>) {
    for scenario in group {
        let failed = scenario.needs.iter().find(|need| report.borrow().failed(need));
        if let Some(need) = failed {
            report.borrow_mut().skip(scenario.name, need);
            continue;
        }
        ui::step("scenario", scenario.name);
        let since = Instant::now();
        let result = (scenario.run)(env).await;
        report.borrow_mut().add(scenario.name, since.elapsed().as_secs_f64(), result);
    }
}

/// Selects the named scenarios and those that they need, in the order of the list.
fn choose(only: &[String]) -> anyhow::Result<Vec<&'static Scenario>> {
    if let Some(unknown) = only.iter().find(|name| SCENARIOS.iter().all(|scenario| scenario.name != **name)) {
        return Err(anyhow!("unknown scenario `{unknown}`"))
            .hint(format!("use one of: {}", SCENARIOS.map(|scenario| scenario.name).join(", ")))
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
    Err(anyhow!("failed scenarios: {}", failures.join(", ")))
        .hint("run `cargo xtask rehearse --only '<name>' --keep` to run one alone and inspect its deployment")
        .hint("read the output of each command in tools/rehearsal/logs of cargo's target directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        choose(&only).unwrap().iter().map(|scenario| scenario.name).collect()
    }

    #[test]
    fn needed_scenarios_are_selected() {
        assert_eq!(names(&["destroy again"]), ["deploy", "destroy", "destroy again"]);
        assert_eq!(names(&["policy"]), ["policy"]);
        assert_eq!(names(&[]).len(), SCENARIOS.len());
    }

    #[test]
    fn groups_keep_order_and_all_scenarios() {
        let together: Vec<&Scenario> = SCENARIOS.iter().filter(|scenario| scenario.group != Group::Exclusive).collect();
        let groups = groups(&together);
        assert!(groups.len() > 1);
        assert_eq!(groups.concat().len(), together.len());
        for group in groups {
            let order = |scenario: &&Scenario| SCENARIOS.iter().position(|other| other.name == scenario.name);
            assert!(group.is_sorted_by_key(order));
        }
    }

    #[test]
    fn unknown_scenario_is_a_usage_error() {
        assert_eq!(xtask::error::exit_of(&choose(&["nope".to_owned()]).unwrap_err()), Exit::Usage);
    }
}
