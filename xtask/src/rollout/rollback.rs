//! The way back: the version before serves again, or nothing runs if there was none; and the error says which.

use std::time::Duration;

use anyhow::anyhow;
use tokio::time::{Instant, timeout};

use crate::{
    aws::{
        Account,
        ecs::{self, Change, RolloutState, Service},
    },
    error::{ErrorExt, Exit},
    stack::Outputs,
    ui::Step,
};

const LIMIT: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_secs(1);
/// The SDK sets no limit to the reading of an answer.
const ANSWER: Duration = Duration::from_secs(30);

/// Takes the way back, and returns the error with which the deployment ends.
pub(super) async fn take(
    account: &Account,
    outputs: &Outputs,
    previous: Option<&str>,
    failed: anyhow::Error,
    step: &Step,
) -> anyhow::Error {
    let (failed, exit) = match previous {
        None => match stop_all(account, outputs, step).await {
            Ok(()) => (failed.context("nothing runs: the first deployment failed"), Exit::FirstDeployFailed),
            Err(error) => {
                let both = format!("the first deployment failed, and its tasks could not be stopped ({error:#})");
                (failed.context(both), Exit::Apply)
            }
        },
        Some(same) if same == outputs.task_definition_arn => {
            let left = format!("the revision is the one that served before, {}; ECS was left to it", short(same));
            (failed.context(left), Exit::Apply)
        }
        Some(previous) => match go_back(account, outputs, previous, step).await {
            Ok(()) => {
                let serves =
                    format!("the new version was taken back; the previous version, {}, serves again", short(previous));
                (failed.context(serves), Exit::RolledBack)
            }
            Err(error) => {
                let both = format!(
                    "the new version failed, and the previous version, {}, could not be put back ({error:#})",
                    short(previous)
                );
                (failed.context(both), Exit::Apply)
            }
        },
    };
    let ended: Result<(), _> = Err(failed);
    ended.exit_code(exit).err().unwrap_or_else(|| anyhow!("the deployment failed"))
}

/// `family:revision`, of a task definition's ARN.
pub fn short(task_definition: &str) -> &str {
    task_definition.rsplit('/').next().unwrap_or(task_definition)
}

/// Has the previous version serve again, unless ECS has seen to that, and waits until it does.
async fn go_back(account: &Account, outputs: &Outputs, previous: &str, step: &Step) -> anyhow::Result<()> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let service = service(account, outputs).await?;
    if is_primary(&service, previous) {
        step.note(&format!("ECS goes back to {}", short(previous)));
    } else {
        step.note(&format!("going back to {}", short(previous)));
        ecs::update(account, cluster_name, service_name, Change::TaskDefinition(previous)).await?;
    }
    until(account, outputs, |service| match has_failed(service, previous) {
        true => Err(anyhow!("ECS gave it up, too")),
        false => Ok(serves(service, previous)),
    })
    .await
}

/// Has ECS run nothing, and waits until nothing runs: a version that crashes would be started again and again.
async fn stop_all(account: &Account, outputs: &Outputs, step: &Step) -> anyhow::Result<()> {
    step.note("there is nothing to go back to: the service is set to run no tasks");
    ecs::update(account, &outputs.cluster_name, &outputs.service_name, Change::DesiredCount(0)).await?;
    until(account, outputs, |service| Ok(service.running == 0 && service.pending == 0)).await
}

/// A rollback is a rollout like another: done when ECS says so, and as many run as should.
fn serves(service: &Service, previous: &str) -> bool {
    service.primary().is_some_and(|primary| {
        primary.task_definition == previous
            && primary.rollout_state == Some(RolloutState::Completed)
            && primary.running >= service.desired
    })
}

fn is_primary(service: &Service, task_definition: &str) -> bool {
    service.primary().is_some_and(|primary| primary.task_definition == task_definition)
}

fn has_failed(service: &Service, task_definition: &str) -> bool {
    service.primary().is_some_and(|primary| {
        primary.task_definition == task_definition && primary.rollout_state == Some(RolloutState::Failed)
    })
}

async fn until(
    account: &Account,
    outputs: &Outputs,
    holds: impl Fn(&Service) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let since = Instant::now();
    loop {
        let seen = timeout(ANSWER, service(account, outputs)).await.unwrap_or_else(|late| Err(late.into()));
        match &seen {
            Ok(service) if holds(service)? => return Ok(()),
            _ if since.elapsed() < LIMIT => tokio::time::sleep(POLL).await,
            Ok(service) => {
                let state = service.primary().map_or_else(String::new, |primary| {
                    let state = primary.rollout_state.as_ref().map_or("no state", RolloutState::as_str);
                    format!("{}, {state}, ", short(&primary.task_definition))
                });
                let Service { running, desired, .. } = service;
                return Err(anyhow!("after {} s: {state}{running} of {desired} running", LIMIT.as_secs()));
            }
            Err(_) => return seen.map(drop),
        }
    }
}

async fn service(account: &Account, outputs: &Outputs) -> anyhow::Result<Service> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let found = ecs::service(account, cluster_name, service_name).await?;
    found.ok_or_else(|| anyhow!("there is no service {service_name} in {cluster_name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::Deployment;

    fn service(task_definition: &str, state: RolloutState, running: i32) -> Service {
        let primary = Deployment {
            status: "PRIMARY".to_owned(),
            task_definition: task_definition.to_owned(),
            rollout_state: Some(state),
            running,
            ..Deployment::default()
        };
        Service { desired: 1, running, deployments: vec![primary], ..Service::default() }
    }

    #[test]
    fn the_previous_version_serves_when_ecs_is_done_with_it() {
        assert!(serves(&service("td:1", RolloutState::Completed, 1), "td:1"));
        assert!(!serves(&service("td:1", RolloutState::InProgress, 1), "td:1"));
        assert!(!serves(&service("td:1", RolloutState::Completed, 0), "td:1"));
        assert!(!serves(&service("td:2", RolloutState::Completed, 1), "td:1"));
        assert!(has_failed(&service("td:1", RolloutState::Failed, 0), "td:1"));
        assert!(!has_failed(&service("td:2", RolloutState::Failed, 0), "td:1"));
    }

    #[test]
    fn a_task_definition_is_called_by_family_and_revision() {
        assert_eq!(short("arn:aws:ecs:us-east-1:123456789012:task-definition/roll-a-task:3"), "roll-a-task:3");
    }
}
