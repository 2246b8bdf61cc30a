//! Every scenario, in order, with what it builds on. A file for each group of them.

mod change;
mod drill;
mod failed_rollout;
mod first_deploy_fails;
mod interrupt;
mod read_only;
mod remove;
mod start;

use futures_util::future::LocalBoxFuture;

use super::World;
use xtask::project::Project;

/// One thing that is tried; what it returns is what was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What has to have succeeded before.
    pub(crate) needs: &'static [&'static str],
    pub(crate) lane: Lane,
    pub(crate) run: for<'a> fn(&'a World) -> LocalBoxFuture<'a, anyhow::Result<String>>,
}

/// What a scenario can be played beside. Most of a deploy is waiting, and different projects do not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Nothing else.
    Alone,
    /// What is in the other lanes; in one lane it goes in order.
    Beside(u8),
}

/// In this order. What comes later finds what the earlier ones left.
pub(crate) const SCENARIOS: [Scenario; 14] = [
    Scenario { name: "policy", needs: &[], lane: Lane::Alone, run: |world| Box::pin(start::policy(world)) },
    Scenario { name: "deploy", needs: &[], lane: Lane::Alone, run: |world| Box::pin(start::deploy(world)) },
    Scenario { name: "look", needs: &["deploy"], lane: Lane::Alone, run: |world| Box::pin(read_only::look(world)) },
    Scenario {
        name: "roll-out",
        needs: &["deploy"],
        // The binary that it builds is not what others are to find.
        lane: Lane::Alone,
        run: |world| Box::pin(change::roll_out(world)),
    },
    Scenario { name: "drill", needs: &["deploy"], lane: Lane::Beside(1), run: |world| Box::pin(drill::drill(world)) },
    Scenario {
        name: "crash",
        needs: &["deploy"],
        lane: Lane::Beside(1),
        run: |world| Box::pin(failed_rollout::crash(world)),
    },
    Scenario {
        name: "never healthy",
        needs: &["deploy"],
        lane: Lane::Beside(1),
        run: |world| Box::pin(failed_rollout::never_healthy(world)),
    },
    Scenario {
        name: "missing secret",
        needs: &["deploy"],
        lane: Lane::Beside(1),
        run: |world| Box::pin(failed_rollout::missing_secret(world)),
    },
    Scenario {
        name: "missing permission",
        needs: &["deploy"],
        lane: Lane::Beside(1),
        run: |world| Box::pin(failed_rollout::missing_permission(world)),
    },
    Scenario {
        name: "first deploy fails",
        needs: &["deploy"],
        lane: Lane::Beside(2),
        run: |world| Box::pin(first_deploy_fails::fails(world)),
    },
    Scenario {
        name: "interrupted",
        needs: &["deploy"],
        lane: Lane::Beside(2),
        run: |world| Box::pin(interrupt::everywhere(world)),
    },
    Scenario {
        name: "keep data",
        needs: &["deploy", "first deploy fails"],
        lane: Lane::Alone,
        run: |world| Box::pin(change::keep_data(world)),
    },
    Scenario { name: "destroy", needs: &["deploy"], lane: Lane::Alone, run: |world| Box::pin(remove::destroy(world)) },
    Scenario {
        name: "destroy again",
        needs: &["destroy"],
        lane: Lane::Alone,
        run: |world| Box::pin(remove::again(world)),
    },
];

/// The project that most scenarios are about.
fn main_project() -> anyhow::Result<Project> {
    project("rehearsal")
}

/// The project whose first deploy fails.
fn second_project() -> anyhow::Result<Project> {
    project("rehearsal-two")
}

/// The project whose deploys are interrupted.
fn third_project() -> anyhow::Result<Project> {
    project("rehearsal-three")
}

fn project(name: &str) -> anyhow::Result<Project> {
    name.parse().map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scenario_builds_on_comes_before_it() {
        for (number, scenario) in SCENARIOS.iter().enumerate() {
            for need in scenario.needs {
                assert!(SCENARIOS[..number].iter().any(|earlier| earlier.name == *need), "{need} of {}", scenario.name);
            }
        }
    }

    #[test]
    fn projects_have_names() {
        assert!(main_project().is_ok() && second_project().is_ok() && third_project().is_ok());
    }
}
