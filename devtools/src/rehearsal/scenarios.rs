//! The list of scenarios, in order, with the scenarios that each one needs.

mod change;
mod drill;
mod failed_rollout;
mod first_deploy_fails;
mod grants;
mod interrupt;
mod lost_state;
mod own_crate;
mod passing;
mod read_only;
mod remove;
mod start;

use futures_util::future::LocalBoxFuture;

use super::TestEnv;
use xtask::project::Project;

/// A scenario. It returns a summary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Scenarios that must have succeeded before.
    pub(crate) needs: &'static [&'static str],
    pub(crate) group: Group,
    pub(crate) run: for<'a> fn(&'a TestEnv) -> LocalBoxFuture<'a, anyhow::Result<String>>,
}

/// The scenarios that may run at the same time. Most of a deploy is waiting, and different projects share nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Runs alone.
    Exclusive,
    /// Runs in parallel with other groups. Scenarios of one group run in order.
    Parallel(u8),
}

/// In this order: a scenario finds the deployments that earlier ones left.
pub(crate) const SCENARIOS: [Scenario; 19] = [
    Scenario { name: "policy", needs: &[], group: Group::Exclusive, run: |env| Box::pin(start::policy(env)) },
    Scenario { name: "deploy", needs: &[], group: Group::Exclusive, run: |env| Box::pin(start::deploy(env)) },
    Scenario {
        name: "read-only",
        needs: &["deploy"],
        group: Group::Exclusive,
        run: |env| Box::pin(read_only::commands(env)),
    },
    Scenario {
        name: "roll-out",
        needs: &["deploy"],
        // It replaces the binary that other scenarios deploy.
        group: Group::Exclusive,
        run: |env| Box::pin(change::roll_out(env)),
    },
    Scenario {
        name: "releases",
        needs: &["deploy", "roll-out"],
        group: Group::Exclusive,
        run: |env| Box::pin(lost_state::releases(env)),
    },
    Scenario {
        name: "lost state",
        needs: &["deploy"],
        group: Group::Exclusive,
        run: |env| Box::pin(lost_state::adoption(env)),
    },
    Scenario { name: "drill", needs: &["deploy"], group: Group::Parallel(1), run: |env| Box::pin(drill::drill(env)) },
    Scenario {
        name: "crash",
        needs: &["deploy"],
        group: Group::Parallel(1),
        run: |env| Box::pin(failed_rollout::crash(env)),
    },
    Scenario {
        name: "never healthy",
        needs: &["deploy"],
        group: Group::Parallel(1),
        run: |env| Box::pin(failed_rollout::never_healthy(env)),
    },
    Scenario {
        name: "missing secret",
        needs: &["deploy"],
        group: Group::Parallel(1),
        run: |env| Box::pin(failed_rollout::missing_secret(env)),
    },
    Scenario {
        name: "missing permission",
        needs: &["deploy"],
        group: Group::Parallel(1),
        run: |env| Box::pin(failed_rollout::missing_permission(env)),
    },
    Scenario {
        name: "first deploy fails",
        needs: &["deploy"],
        group: Group::Parallel(2),
        run: |env| Box::pin(first_deploy_fails::first_deploy_fails(env)),
    },
    Scenario {
        name: "interrupted",
        needs: &["deploy"],
        group: Group::Parallel(2),
        run: |env| Box::pin(interrupt::in_every_step(env)),
    },
    Scenario {
        name: "own crate",
        needs: &[],
        // Its build takes all of the machine.
        group: Group::Exclusive,
        run: |env| Box::pin(own_crate::own_crate(env)),
    },
    Scenario {
        name: "passing faults",
        needs: &["deploy"],
        // Its faults reach every project.
        group: Group::Exclusive,
        run: |env| Box::pin(passing::faults(env)),
    },
    Scenario { name: "grants", needs: &["deploy"], group: Group::Exclusive, run: |env| Box::pin(grants::tools(env)) },
    Scenario {
        name: "keep data",
        needs: &["deploy", "first deploy fails"],
        group: Group::Exclusive,
        run: |env| Box::pin(change::keep_data(env)),
    },
    Scenario {
        name: "destroy",
        needs: &["deploy"],
        group: Group::Exclusive,
        run: |env| Box::pin(remove::destroy(env)),
    },
    Scenario {
        name: "destroy again",
        needs: &["destroy"],
        group: Group::Exclusive,
        run: |env| Box::pin(remove::destroy_again(env)),
    },
];

/// The project of most scenarios.
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

/// The project that is deployed while AWS is less kind.
fn fourth_project() -> anyhow::Result<Project> {
    project("rehearsal-four")
}

/// The project whose tools have more than the service's own permissions.
fn fifth_project() -> anyhow::Result<Project> {
    project("rehearsal-five")
}

/// The project of servers that are not in this repository.
fn sixth_project() -> anyhow::Result<Project> {
    project("rehearsal-six")
}

fn project(name: &str) -> anyhow::Result<Project> {
    name.parse().map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needed_scenarios_come_first() {
        for (number, scenario) in SCENARIOS.iter().enumerate() {
            for need in scenario.needs {
                assert!(SCENARIOS[..number].iter().any(|earlier| earlier.name == *need), "{need} of {}", scenario.name);
            }
        }
    }

    #[test]
    fn project_names_are_valid() {
        for project in [main_project, second_project, third_project, fourth_project, fifth_project, sixth_project] {
            assert!(project().is_ok());
        }
    }
}
