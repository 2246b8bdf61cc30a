//! Rolls a failed deployment back: to the previous version, or to no tasks if there was none.

use std::time::Duration;

use anyhow::anyhow;
use tokio::time::timeout;

use super::task_definition_name;
use crate::{
    aws::{
        Account,
        ecs::{self, Change, RolloutState, Service},
    },
    error::{ErrorExt, Exit},
    poll::{Check, poll},
    stack::Outputs,
    ui::Step,
};

const LIMIT: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_secs(1);
/// The SDK does not limit the time to read a response.
const RESPONSE: Duration = Duration::from_secs(30);

/// Rolls back to `previous`. Returns the error that ends the deployment: the failure, what serves now, and the exit
/// code.
pub(crate) async fn roll_back(
    account: &Account,
    outputs: &Outputs,
    previous: Option<&str>,
    failure: anyhow::Error,
    step: &Step,
) -> anyhow::Error {
    let Some(previous) = previous else {
        return match stop_all(account, outputs, step).await {
            Ok(()) => failure.context("nothing runs: the first deployment failed").exit_code(Exit::FirstDeployFailed),
            Err(error) => failure
                .context(format!("the first deployment failed, and its tasks could not be stopped ({error:#})"))
                .exit_code(Exit::Apply),
        };
    };
    let name = task_definition_name(previous);
    if previous == outputs.task_definition_arn {
        return failure
            .context(format!("no rollback: {name} was already the active revision; ECS keeps retrying it"))
            .exit_code(Exit::Apply);
    }
    match restore(account, outputs, previous, step).await {
        Ok(()) => failure
            .context(format!("the new version was rolled back; the previous version, {name}, serves again"))
            .exit_code(Exit::RolledBack),
        Err(error) => failure
            .context(format!("the new version failed, and the rollback to {name} failed, too ({error:#})"))
            .exit_code(Exit::Apply),
    }
}

/// Makes the previous version primary, unless ECS has done so itself, and waits until it serves.
async fn restore(account: &Account, outputs: &Outputs, previous: &str, step: &Step) -> anyhow::Result<()> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let name = task_definition_name(previous);
    if is_primary(&service(account, outputs).await?, previous) {
        step.note(&format!("ECS rolls back to {name}"));
    } else {
        step.note(&format!("rolling back to {name}"));
        ecs::update(account, cluster_name, service_name, Change::TaskDefinition(previous)).await?;
    }
    wait_until(account, outputs, step, |service| match has_failed(service, previous) {
        true => Err(anyhow!("ECS marked it as failed, too")),
        false => Ok(serves(service, previous)),
    })
    .await
}

/// Scales the service to zero and waits until no task runs, because ECS would restart a crashing version again and
/// again.
async fn stop_all(account: &Account, outputs: &Outputs, step: &Step) -> anyhow::Result<()> {
    step.note("there is no previous version: the service is scaled to zero");
    ecs::update(account, &outputs.cluster_name, &outputs.service_name, Change::DesiredCount(0)).await?;
    wait_until(account, outputs, step, |service| Ok(service.running == 0 && service.pending == 0)).await
}

/// Returns true if the previous version is rolled out completely, as any other rollout has to be.
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

/// Waits until a condition holds. Failed requests are retried until the limit.
async fn wait_until(
    account: &Account,
    outputs: &Outputs,
    step: &Step,
    holds: impl Fn(&Service) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let held = poll(LIMIT, POLL, async || {
        let seen = timeout(RESPONSE, service(account, outputs)).await.unwrap_or_else(|late| Err(late.into()));
        let status = match seen {
            Ok(service) if holds(&service)? => return Ok(Check::Ready(())),
            Ok(service) => status(&service),
            Err(error) => format!("{error:#}"),
        };
        step.status(&status);
        Ok(Check::NotYet(status))
    });
    Ok(held.await??)
}

fn status(service: &Service) -> String {
    let primary = service.primary().map_or_else(String::new, |primary| {
        let state = primary.rollout_state.as_ref().map_or("no state", RolloutState::as_str);
        format!("{}, {state}, ", task_definition_name(&primary.task_definition))
    });
    format!("{primary}{} of {} running", service.running, service.desired)
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
    fn previous_version_serves_once_ecs_completed_it() {
        assert!(serves(&service("td:1", RolloutState::Completed, 1), "td:1"));
        assert!(!serves(&service("td:1", RolloutState::InProgress, 1), "td:1"));
        assert!(!serves(&service("td:1", RolloutState::Completed, 0), "td:1"));
        assert!(!serves(&service("td:2", RolloutState::Completed, 1), "td:1"));
        assert!(has_failed(&service("td:1", RolloutState::Failed, 0), "td:1"));
        assert!(!has_failed(&service("td:2", RolloutState::Failed, 0), "td:1"));
    }

    #[test]
    fn status_names_revision_state_and_tasks() {
        let rolling = service("arn:task-definition/td:1", RolloutState::InProgress, 0);
        assert_eq!(status(&rolling), "td:1, IN_PROGRESS, 0 of 1 running");
        assert_eq!(status(&Service::default()), "0 of 0 running");
    }
}
