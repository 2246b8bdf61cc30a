//! Whether a rollout has succeeded, has failed, or goes on: from one look at the service, without asking anything.

use super::Before;
use crate::aws::ecs::{Health, RolloutState, Service, StopCode, Task};

/// What was seen at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snapshot<'a> {
    /// The task definition that is to serve.
    pub(super) wanted: &'a str,
    pub(super) before: &'a Before,
    /// Whether ECS was seen to have a deployment of it at any time.
    pub(super) begun: bool,
    pub(super) service: &'a Service,
    /// Tasks of the service that are to run, or do.
    pub(super) running: &'a [Task],
    /// Tasks of the service that are to be stopped, or are.
    pub(super) stopped: &'a [Task],
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Live,
    /// With what there is to say of it.
    NotYet(String),
    Failed(FailureReason),
}

/// FailureReason there will be no success.
#[derive(Debug, PartialEq)]
pub(super) enum FailureReason {
    /// A task of the new version ended.
    Crashed(Box<Task>),
    /// ECS gave the deployment up, for this reason.
    GivenUp(String),
    /// Something put another task definition in its place.
    Replaced(String),
    /// The service is not there any more.
    Gone,
    /// Time is up; this was the last status.
    TimedOut(String),
}

/// How the reasons begin for which a task did not start this time and may the next: Fargate's trouble, not the version's. ECS
/// tries again, and has no code that tells these from the others; the words are those that AWS documents.
const PASSES: [&str; 2] = ["Capacity is unavailable", "Timeout waiting for network interface provisioning"];

pub(super) fn evaluate(seen: Snapshot<'_>) -> Verdict {
    let Snapshot { wanted, before, service, .. } = seen;
    let primary = service.primary();
    let ours = primary.filter(|primary| primary.task_definition == wanted);
    // More tasks of a revision that is in place already are no new rollout for ECS: it stays complete before they are healthy.
    let healthy = seen.running.iter().filter(|task| task.task_definition == wanted && task.is_healthy()).count();
    let healthy = i32::try_from(healthy).unwrap_or(i32::MAX);
    if ours.is_some_and(|ours| match service.desired {
        0 => service.running == 0,
        desired => ours.rollout_state == Some(RolloutState::Completed) && ours.running >= desired && healthy >= desired,
    }) {
        return Verdict::Live;
    }
    if let Some(task) = first_crash(seen) {
        return Verdict::Failed(FailureReason::Crashed(Box::new(task.clone())));
    }
    let given_up = service.deployments.iter().find(|deployment| {
        deployment.task_definition == wanted
            && deployment.rollout_state == Some(RolloutState::Failed)
            && !before.given_up.contains(&deployment.id)
    });
    if let Some(deployment) = given_up {
        return Verdict::Failed(FailureReason::GivenUp(deployment.reason.clone()));
    }
    match (ours, primary) {
        (Some(ours), _) => Verdict::NotYet(status(ours.running, service.desired, healthy)),
        (None, Some(other)) if seen.begun => Verdict::Failed(FailureReason::Replaced(other.task_definition.clone())),
        (None, None) if seen.begun => Verdict::Failed(FailureReason::Gone),
        _ => Verdict::NotYet("ECS has not begun with it".to_owned()),
    }
}

/// Whether a task ended for a reason of its own, and not because somebody or ECS wanted fewer tasks or other ones.
pub fn is_crash(task: &Task) -> bool {
    match &task.stop_code {
        Some(StopCode::EssentialContainerExited) => true,
        Some(StopCode::TaskFailedToStart) => !PASSES.iter().any(|words| task.stopped_reason.starts_with(words)),
        Some(StopCode::ServiceSchedulerInitiated) => failed_health_check(task),
        _ => false,
    }
}

/// Whether ECS stopped a task because its health check failed. There is no stop code for it: the scheduler's is the same as
/// for a task too many. What is different is the task's health, and the reason, which AWS documents word for word.
pub(super) fn failed_health_check(task: &Task) -> bool {
    task.health == Some(Health::Unhealthy) || task.stopped_reason.starts_with("Task failed container health checks")
}

/// The first of this rollout's crashes, which is the one that later ones repeat.
fn first_crash(seen: Snapshot<'_>) -> Option<&Task> {
    let new = seen.stopped.iter().filter(|task| !seen.before.stopped.contains(&task.arn));
    new.filter(|task| task.task_definition == seen.wanted && is_crash(task)).min_by_key(|task| task.created_at)
}

fn status(running: i32, desired: i32, healthy: i32) -> String {
    let waits = if healthy >= desired { ", and ECS has yet to call it complete" } else { "" };
    format!("{running} of {desired} running, {healthy} healthy{waits}")
}

#[cfg(test)]
mod tests;
