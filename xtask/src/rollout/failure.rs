//! Explains a failed rollout: the reason, the diagnosis of its newest task, and what to do next.

use anyhow::anyhow;

use super::{Baseline, Diagnosis, FailureReason, task_definition_name, wait};
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

/// Returns the failure as an error, with the diagnosis of the task that explains it best.
pub(crate) async fn explain(
    account: &Account,
    outputs: &Outputs,
    baseline: &Baseline,
    reason: &FailureReason,
) -> anyhow::Error {
    let flag = outputs.flag();
    let inspect = format!("`cargo xtask logs{flag}` prints the service's log, `cargo xtask status{flag}` what runs");
    let Some(task) = task(account, outputs, baseline, reason).await else {
        return anyhow!(reason.sentence()).hint(inspect);
    };
    let diagnosis = Diagnosis::new(account, outputs, &task).await;
    let error = anyhow!("{diagnosis}");
    let error = match reason {
        FailureReason::Crashed(_) => error,
        reason => error.context(reason.sentence()),
    };
    error.hint(diagnosis.cause().hint(outputs)).hint(inspect)
}

async fn task(account: &Account, outputs: &Outputs, baseline: &Baseline, reason: &FailureReason) -> Option<Task> {
    const STOPPED: &[DesiredStatus] = &[DesiredStatus::Stopped];
    const ANY: &[DesiredStatus] = &[DesiredStatus::Running, DesiredStatus::Stopped];
    match reason {
        FailureReason::Crashed(task) => Some((**task).clone()),
        FailureReason::ServiceDeleted => None,
        FailureReason::FailedByEcs(_) | FailureReason::Replaced(_) => newest(account, outputs, baseline, STOPPED).await,
        FailureReason::TimedOut(_) => newest(account, outputs, baseline, ANY).await,
    }
}

/// Returns the newest task of the new version that this deploy started.
async fn newest(account: &Account, outputs: &Outputs, baseline: &Baseline, statuses: &[DesiredStatus]) -> Option<Task> {
    for status in statuses {
        let tasks = ecs::tasks(account, &outputs.cluster_name, &outputs.service_name, status.clone()).await.ok()?;
        let new = tasks.into_iter().filter(|task| {
            task.task_definition == outputs.task_definition_arn && !baseline.stopped_tasks.contains(&task.arn)
        });
        if let Some(task) = new.max_by_key(|task| task.created_at) {
            return Some(task);
        }
    }
    None
}
