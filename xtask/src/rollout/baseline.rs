//! The state of a service before it is changed: the version that serves, and the failures that are older than this
//! deploy.
//!
//! Earlier failures are recognised by their ids, not by the clock. A deploy that is rerun after a failure may bring
//! the same revision, and even the same ECS deployment.

use std::collections::BTreeSet;

use crate::aws::{
    Account,
    ecs::{self, DesiredStatus, RolloutState, Service, Task},
};

/// A service before a deploy. Empty if there was none.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    live: Option<String>,
    /// Ids of ECS deployments that had failed.
    pub(super) failed_deployments: BTreeSet<String>,
    /// ARNs of tasks that had stopped.
    pub(super) stopped_tasks: BTreeSet<String>,
    /// Ids of the service's events.
    pub(super) events: BTreeSet<String>,
}

impl Baseline {
    /// Reads the state of a service. Must be called before anything is changed.
    pub(crate) async fn capture(account: &Account, cluster: &str, name: &str) -> anyhow::Result<Self> {
        let Some(service) = ecs::service(account, cluster, name).await? else { return Ok(Self::default()) };
        let running = ecs::tasks(account, cluster, name, DesiredStatus::Running).await?;
        let stopped = ecs::tasks(account, cluster, name, DesiredStatus::Stopped).await?;
        Ok(Self::new(&service, &running, &stopped))
    }

    pub(super) fn new(service: &Service, running: &[Task], stopped: &[Task]) -> Self {
        let failed = |state: Option<&RolloutState>| state == Some(&RolloutState::Failed);
        let failed = service.deployments.iter().filter(|deployment| failed(deployment.rollout_state.as_ref()));
        Self {
            live: live(service).or_else(|| healthy(running)).map(str::to_owned),
            failed_deployments: failed.map(|deployment| deployment.id.clone()).collect(),
            stopped_tasks: stopped.iter().map(|task| task.arn.clone()).collect(),
            events: service.events.iter().map(|event| event.id.clone()).collect(),
        }
    }

    /// Returns the task definition that served, to which a failed deploy rolls back.
    pub(crate) fn live(&self) -> Option<&str> {
        self.live.as_deref()
    }
}

/// Returns the task definition of a healthy task, for the case that no deployment is complete because ECS is rolling
/// back.
fn healthy(running: &[Task]) -> Option<&str> {
    running.iter().find(|task| task.is_healthy()).map(|task| task.task_definition.as_str())
}

/// Returns the task definition of the deployment that is complete and has tasks.
fn live(service: &Service) -> Option<&str> {
    let complete = |state: Option<&RolloutState>| state == Some(&RolloutState::Completed);
    let serves = service
        .deployments
        .iter()
        .find(|deployment| complete(deployment.rollout_state.as_ref()) && deployment.running > 0);
    serves.map(|deployment| deployment.task_definition.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::{Deployment, Health};

    fn deployment(task_definition: &str, state: RolloutState, running: i32) -> Deployment {
        Deployment {
            id: format!("of {task_definition}"),
            task_definition: task_definition.to_owned(),
            rollout_state: Some(state),
            running,
            ..Deployment::default()
        }
    }

    fn service(deployments: Vec<Deployment>) -> Service {
        Service { deployments, ..Service::default() }
    }

    fn task(task_definition: &str, health: Health) -> Task {
        Task {
            task_definition: task_definition.to_owned(),
            last_status: "RUNNING".to_owned(),
            health: Some(health),
            ..Task::default()
        }
    }

    #[test]
    fn complete_deployment_with_tasks_is_live() {
        let rolling = [deployment("td:2", RolloutState::InProgress, 1), deployment("td:1", RolloutState::Completed, 1)];
        let baseline = Baseline::new(&service(rolling.to_vec()), &[task("td:2", Health::Healthy)], &[]);
        assert_eq!(baseline.live(), Some("td:1"));
    }

    #[test]
    fn deployment_without_tasks_is_not_live() {
        let baseline = Baseline::new(&service(vec![deployment("td:1", RolloutState::Completed, 0)]), &[], &[]);
        assert_eq!(baseline.live(), None);
    }

    #[test]
    fn healthy_task_is_live_during_an_ecs_rollback() {
        let rolling_back =
            [deployment("td:1", RolloutState::InProgress, 1), deployment("td:2", RolloutState::Failed, 1)];
        let running = [task("td:2", Health::Unhealthy), task("td:1", Health::Healthy)];
        let baseline = Baseline::new(&service(rolling_back.to_vec()), &running, &[]);
        assert_eq!(baseline.live(), Some("td:1"));
        assert!(baseline.failed_deployments.contains("of td:2"));
    }
}
