//! Judges a rollout from one snapshot of the service: live, not yet, or failed. Sends no requests.

use super::{Baseline, stop_reason};
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

/// Starts that have to fail before the rollout has failed. Many reasons pass: a role that is not known everywhere yet,
/// a network interface that came too late, a zone without capacity. AWS lists no codes for them, but ECS tries again
/// after each, and its circuit breaker too waits for three:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html>
const FAILED_STARTS: usize = 3;

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
    let failures = Failures::of(seen);
    if let Some(task) = failures.verdict() {
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
        (Some(new), _) => Verdict::NotYet(status(new.running, service.desired, healthy) + &failures.status()),
        (None, Some(other)) if seen.begun => Verdict::Failed(FailureReason::Replaced(other.task_definition.clone())),
        (None, None) if seen.begun => Verdict::Failed(FailureReason::ServiceDeleted),
        _ => Verdict::NotYet("ECS has not started the rollout".to_owned()),
    }
}

/// Returns true if a task failed, rather than being stopped by an operator or by ECS to scale or replace it.
pub fn is_crash(task: &Task) -> bool {
    match &task.stop_code {
        Some(StopCode::EssentialContainerExited | StopCode::TaskFailedToStart) => true,
        Some(StopCode::ServiceSchedulerInitiated) => failed_health_check(task),
        _ => false,
    }
}

/// Returns true if ECS stopped a task because its health check failed. The stop code is the one for surplus tasks,
/// too. The health and the documented words of the reason differ.
pub(super) fn failed_health_check(task: &Task) -> bool {
    task.health == Some(Health::Unhealthy) || task.stopped_reason.starts_with("Task failed container health checks")
}

/// The failed tasks of this rollout.
struct Failures<'a> {
    /// The first task whose end decides the rollout. Later ones usually repeat it.
    crash: Option<&'a Task>,
    /// Tasks that failed to start, oldest first. ECS starts others in their place.
    starts: Vec<&'a Task>,
}

impl<'a> Failures<'a> {
    fn of(seen: Snapshot<'a>) -> Self {
        let new = seen.stopped.iter().filter(|task| !seen.baseline.stopped_tasks.contains(&task.arn));
        let mut failed: Vec<&Task> = new.filter(|task| task.task_definition == seen.wanted && is_crash(task)).collect();
        failed.sort_by_key(|task| task.created_at);
        let (starts, crashes): (Vec<&Task>, Vec<&Task>) = failed.into_iter().partition(|task| may_pass(task));
        Self { crash: crashes.first().copied(), starts }
    }

    /// Returns the task that fails the rollout, if it has failed. Of several starts that is the newest, because reasons
    /// that pass come first.
    fn verdict(&self) -> Option<&'a Task> {
        self.crash.or_else(|| self.starts.last().copied().filter(|_| self.starts.len() >= FAILED_STARTS))
    }

    fn status(&self) -> String {
        match self.starts.len() {
            0 => String::new(),
            failed => format!(", {failed} failed to start, ECS tries again"),
        }
    }
}

/// Returns true if another task of the same version may start.
fn may_pass(task: &Task) -> bool {
    let reasons = task.containers.iter().map(|container| container.reason.as_str());
    let mut reasons = reasons.chain([task.stopped_reason.as_str()]);
    task.stop_code == Some(StopCode::TaskFailedToStart) && !reasons.any(stop_reason::is_final)
}

fn status(running: i32, desired: i32, healthy: i32) -> String {
    let waits = if healthy >= desired { ", waiting for ECS to complete the rollout" } else { "" };
    format!("{running} of {desired} running, {healthy} healthy{waits}")
}

#[cfg(test)]
mod tests;
