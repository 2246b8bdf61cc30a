//! What a service looked like before it was changed: what serves, and which failures are not this deploy's.
//!
//! Failures of an earlier attempt are told apart by what they are, not by the clock: a deploy that is run again after one that
//! failed may bring the very same revision, and even the same ECS deployment.

use std::collections::BTreeSet;

use crate::aws::{
    Account,
    ecs::{self, DesiredStatus, RolloutState, Service, Task},
};

/// A service before a deploy; empty if there was none.
#[derive(Debug, Clone, Default)]
pub struct Before {
    live: Option<String>,
    pub(super) given_up: BTreeSet<String>,
    pub(super) stopped: BTreeSet<String>,
    pub(super) events: BTreeSet<String>,
}

impl Before {
    /// Looks at a service. To be called before anything is changed.
    pub(crate) async fn look(account: &Account, cluster: &str, name: &str) -> anyhow::Result<Self> {
        let Some(service) = ecs::service(account, cluster, name).await? else { return Ok(Self::default()) };
        let running = ecs::tasks(account, cluster, name, DesiredStatus::Running).await?;
        let stopped = ecs::tasks(account, cluster, name, DesiredStatus::Stopped).await?;
        Ok(Self::of(&service, &running, &stopped))
    }

    pub(super) fn of(service: &Service, running: &[Task], stopped: &[Task]) -> Self {
        let failed = |state: Option<&RolloutState>| state == Some(&RolloutState::Failed);
        let given_up = service.deployments.iter().filter(|deployment| failed(deployment.rollout_state.as_ref()));
        Self {
            live: live(service).or_else(|| healthy(running)).map(str::to_owned),
            given_up: given_up.map(|deployment| deployment.id.clone()).collect(),
            stopped: stopped.iter().map(|task| task.arn.clone()).collect(),
            events: service.events.iter().map(|event| event.id.clone()).collect(),
        }
    }

    /// The task definition that served: what a failed deploy goes back to.
    pub(crate) fn live(&self) -> Option<&str> {
        self.live.as_deref()
    }
}

/// While ECS goes back on its own no deployment may be complete; then whatever has a healthy task serves.
fn healthy(running: &[Task]) -> Option<&str> {
    running.iter().find(|task| task.is_healthy()).map(|task| task.task_definition.as_str())
}

/// The task definition that serves now: of the deployment that is complete and has tasks.
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
    fn what_serves_is_the_complete_deployment_that_has_tasks() {
        let rolling = [deployment("td:2", RolloutState::InProgress, 1), deployment("td:1", RolloutState::Completed, 1)];
        let before = Before::of(&service(rolling.to_vec()), &[task("td:2", Health::Healthy)], &[]);
        assert_eq!(before.live(), Some("td:1"));
    }

    #[test]
    fn a_deployment_without_tasks_serves_nothing() {
        let before = Before::of(&service(vec![deployment("td:1", RolloutState::Completed, 0)]), &[], &[]);
        assert_eq!(before.live(), None);
    }

    #[test]
    fn while_ecs_goes_back_what_is_healthy_serves() {
        let going_back = [deployment("td:1", RolloutState::InProgress, 1), deployment("td:2", RolloutState::Failed, 1)];
        let running = [task("td:2", Health::Unhealthy), task("td:1", Health::Healthy)];
        let before = Before::of(&service(going_back.to_vec()), &running, &[]);
        assert_eq!(before.live(), Some("td:1"));
        assert!(before.given_up.contains("of td:2"));
    }
}
