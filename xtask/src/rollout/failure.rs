//! Explains a failed rollout: the reason, the diagnosis of its newest task, and what to do next.

use anyhow::anyhow;

use super::{
    Baseline, Diagnosis, FailureReason, cause::Cause, ecs_events, is_crash, stop_reason, task_definition_name, wait,
};
use crate::{
    aws::{
        Account,
        ecs::{self, DesiredStatus, Task},
    },
    error::ErrorExt,
    stack::Outputs,
};

impl FailureReason {
    /// One sentence, without a full stop.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Crashed(task) => format!("task {} of the new version ended", task.id()),
            Self::FailedByEcs(reason) => format!("ECS marked the new version as failed: {reason}"),
            Self::Replaced(other) => format!("the new version was replaced by {}", task_definition_name(other)),
            Self::ServiceDeleted => "the service was deleted during the rollout".to_owned(),
            Self::TimedOut(last) => {
                format!("the new version was not live after {} minutes: {last}", wait::LIMIT.as_secs() / 60)
            }
        }
    }
}

/// Returns the failure as an error, with the diagnosis of the task that explains it best. If ECS started no task, the
/// service's event explains it.
pub(crate) async fn explain(
    account: &Account,
    outputs: &Outputs,
    baseline: &Baseline,
    reason: &FailureReason,
) -> anyhow::Error {
    let flag = outputs.flag();
    let inspect = format!("`cargo xtask logs{flag}` prints the service's log, `cargo xtask status{flag}` what runs");
    let Some(task) = task(account, outputs, baseline, reason).await else {
        return without_task(reason, placement_failure(account, outputs, baseline).await.as_deref(), outputs)
            .hint(inspect);
    };
    let diagnosis = Diagnosis::new(account, outputs, &task).await;
    let error = anyhow!("{diagnosis}");
    let error = match reason {
        FailureReason::Crashed(_) => error,
        reason => error.context(reason.sentence()),
    };
    error.hint(diagnosis.cause().hint(outputs)).hint(inspect)
}

fn without_task(reason: &FailureReason, event: Option<&str>, outputs: &Outputs) -> anyhow::Error {
    let Some(event) = event else { return anyhow!(reason.sentence()) };
    let cause = stop_reason::cause(event);
    let summary = cause.as_ref().map_or_else(|| "ECS started no task".to_owned(), Cause::sentence);
    anyhow!("{event}").context(summary).context(reason.sentence()).hint_if_some(cause.map(|cause| cause.hint(outputs)))
}

async fn placement_failure(account: &Account, outputs: &Outputs, baseline: &Baseline) -> Option<String> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let service = ecs::service(account, cluster_name, service_name).await.ok()??;
    ecs_events::placement_failure(&service, baseline).map(str::to_owned)
}

async fn task(account: &Account, outputs: &Outputs, baseline: &Baseline, reason: &FailureReason) -> Option<Task> {
    if let FailureReason::Crashed(task) = reason {
        return Some((**task).clone());
    }
    let stopped = tasks(account, outputs, baseline, DesiredStatus::Stopped).await;
    // A task that failed explains more than one that waits to be started in its place.
    let failed = newest(stopped.iter().filter(|task| is_crash(task)));
    match reason {
        FailureReason::Crashed(_) | FailureReason::ServiceDeleted => None,
        FailureReason::FailedByEcs(_) | FailureReason::Replaced(_) => failed.or_else(|| newest(stopped.iter())),
        FailureReason::TimedOut(_) => {
            let running = tasks(account, outputs, baseline, DesiredStatus::Running).await;
            failed.or_else(|| newest(running.iter())).or_else(|| newest(stopped.iter()))
        }
    }
}

/// Returns the tasks of the new version that this deploy started.
async fn tasks(account: &Account, outputs: &Outputs, baseline: &Baseline, status: DesiredStatus) -> Vec<Task> {
    let Outputs { cluster_name, service_name, task_definition_arn, .. } = outputs;
    let mut tasks = ecs::tasks(account, cluster_name, service_name, status).await.unwrap_or_default();
    tasks.retain(|task| task.task_definition == *task_definition_arn && !baseline.stopped_tasks.contains(&task.arn));
    tasks
}

fn newest<'a>(tasks: impl Iterator<Item = &'a Task>) -> Option<Task> {
    tasks.max_by_key(|task| task.created_at).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::hints_of;

    #[test]
    fn event_explains_a_rollout_without_tasks() {
        let outputs = Outputs::for_test();
        let reason = FailureReason::FailedByEcs("ECS deployment circuit breaker: tasks failed to start.".to_owned());
        for (event, summary, hint) in [
            ("Reason: You've reached the limit on the number of vCPUs you can run concurrently", "quota", "L-3032A538"),
            ("Reason: Capacity is unavailable at this time.", "capacity", "later"),
            ("failed to launch a task with (error ECS was unable to assume the role 'r'.).", "role", "iam_exec.tf"),
            ("Reason: The subnet ID 'subnet-a' does not exist", "address", "subnet-a"),
        ] {
            let event = format!("(service a-svc) was unable to place a task. {event}");
            let error = without_task(&reason, Some(&event), &outputs);
            let text = format!("{error:#}");
            assert!(text.contains(&event) && text.contains("circuit breaker") && text.contains(summary), "{text}");
            assert!(hints_of(&error)[0].contains(hint), "{:?}", hints_of(&error));
        }
        let unknown =
            without_task(&reason, Some("(service a-svc) was unable to place a task. Reason: new words"), &outputs);
        assert!(format!("{unknown:#}").contains("new words") && hints_of(&unknown).is_empty());
        assert!(hints_of(&without_task(&reason, None, &outputs)).is_empty());
    }
}
