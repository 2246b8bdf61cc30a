//! Judges a rollout from one snapshot of the service: live, not yet, or failed. Sends no requests.

use super::Baseline;
use crate::aws::ecs::{Health, RolloutState, Service, StopCode, Task};

/// The service at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snapshot<'a> {
    /// Task definition that is to serve.
    pub(super) wanted: &'a str,
    pub(super) baseline: &'a Baseline,
    /// True once ECS had a deployment of it at any time.
    pub(super) begun: bool,
    pub(super) service: &'a Service,
    /// Tasks that run or are to run.
    pub(super) running: &'a [Task],
    /// Tasks that are stopped or are to stop.
    pub(super) stopped: &'a [Task],
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Live,
    /// With a status for people.
    NotYet(String),
    Failed(FailureReason),
}

/// Reason why a rollout failed.
#[derive(Debug, PartialEq)]
pub enum FailureReason {
    /// A task of the new version ended.
    Crashed(Box<Task>),
    /// ECS marked the deployment as failed, for this reason.
    FailedByEcs(String),
    /// Another task definition took its place.
    Replaced(String),
    /// The service was deleted.
    ServiceDeleted,
    /// The limit passed; this was the last status.
    TimedOut(String),
}

/// Beginnings of stop reasons that are transient on Fargate and not caused by the version. ECS retries these. There
/// is no code for them, so the words that AWS documents are matched.
const TRANSIENT: [&str; 2] = ["Capacity is unavailable", "Timeout waiting for network interface provisioning"];

pub(super) fn evaluate(seen: Snapshot<'_>) -> Verdict {
    let Snapshot { wanted, baseline, service, .. } = seen;
    let primary = service.primary();
    let new = primary.filter(|primary| primary.task_definition == wanted);
    // Scaling up the same revision is no new rollout for ECS: it stays complete while the new tasks are not healthy
    // yet.
    let healthy = seen.running.iter().filter(|task| task.task_definition == wanted && task.is_healthy()).count();
    let healthy = i32::try_from(healthy).unwrap_or(i32::MAX);
    if new.is_some_and(|new| match service.desired {
        0 => service.running == 0,
        desired => new.rollout_state == Some(RolloutState::Completed) && new.running >= desired && healthy >= desired,
    }) {
        return Verdict::Live;
    }
    if let Some(task) = first_crash(seen) {
        return Verdict::Failed(FailureReason::Crashed(Box::new(task.clone())));
    }
    let failed = service.deployments.iter().find(|deployment| {
        deployment.task_definition == wanted
            && deployment.rollout_state == Some(RolloutState::Failed)
            && !baseline.failed_deployments.contains(&deployment.id)
    });
    if let Some(deployment) = failed {
        return Verdict::Failed(FailureReason::FailedByEcs(deployment.reason.clone()));
    }
    match (new, primary) {
        (Some(new), _) => Verdict::NotYet(status(new.running, service.desired, healthy)),
        (None, Some(other)) if seen.begun => Verdict::Failed(FailureReason::Replaced(other.task_definition.clone())),
        (None, None) if seen.begun => Verdict::Failed(FailureReason::ServiceDeleted),
        _ => Verdict::NotYet("ECS has not started the rollout".to_owned()),
    }
}

/// Returns true if a task failed, rather than being stopped by an operator or by ECS to scale or replace it.
pub fn is_crash(task: &Task) -> bool {
    match &task.stop_code {
        Some(StopCode::EssentialContainerExited) => true,
        Some(StopCode::TaskFailedToStart) => !TRANSIENT.iter().any(|words| task.stopped_reason.starts_with(words)),
        Some(StopCode::ServiceSchedulerInitiated) => failed_health_check(task),
        _ => false,
    }
}

/// Returns true if ECS stopped a task because its health check failed. The stop code is the one for surplus tasks,
/// too. The health and the documented words of the reason differ.
pub(super) fn failed_health_check(task: &Task) -> bool {
    task.health == Some(Health::Unhealthy) || task.stopped_reason.starts_with("Task failed container health checks")
}

/// Returns the first crash of this rollout. Later ones usually repeat it.
fn first_crash(seen: Snapshot<'_>) -> Option<&Task> {
    let new = seen.stopped.iter().filter(|task| !seen.baseline.stopped_tasks.contains(&task.arn));
    new.filter(|task| task.task_definition == seen.wanted && is_crash(task)).min_by_key(|task| task.created_at)
}

fn status(running: i32, desired: i32, healthy: i32) -> String {
    let waits = if healthy >= desired { ", waiting for ECS to complete the rollout" } else { "" };
    format!("{running} of {desired} running, {healthy} healthy{waits}")
}

#[cfg(test)]
mod tests;
