//! Collects what is known of a task that ended: ECS's facts, the end of its log, and the classified cause.
//!
//! Never fails. What cannot be read is reported in its place, because the end of the task is the news.

use std::{fmt, time::Duration};

use super::{cause::Cause, classify::classify, log_line};
use crate::{
    aws::{
        Account,
        ecs::{self, Health, Task},
        logs,
    },
    poll::{Check, poll},
    stack::Outputs,
};

/// Lines of the log that are shown.
const LINES: usize = 50;
/// ECS reports that a task stops some seconds before it reports how its container ended.
const SETTLE: Duration = Duration::from_secs(20);
/// The last lines of a log arrive after the end of the container.
const LATE_LINES: Duration = Duration::from_secs(6);
const POLL: Duration = Duration::from_secs(1);

/// The end of a task.
#[derive(Debug)]
pub struct Diagnosis {
    task: Task,
    container: String,
    log: Result<Vec<String>, String>,
    cause: Cause,
}

impl Diagnosis {
    /// Examines a task. Waits some seconds for the facts that arrive late.
    pub(crate) async fn new(account: &Account, outputs: &Outputs, task: &Task) -> Self {
        let container = outputs.container_name.clone();
        let task = settle(account, outputs, task.clone()).await;
        let log = log_of(account, outputs, &task).await.map_err(|error| format!("{error:#}"));
        let cause = classify(&task, &container, log.as_deref().unwrap_or_default());
        Self { task, container, log, cause }
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The task and its cause, in one sentence.
    pub(crate) fn summary(&self) -> String {
        format!("task {}: {}", self.task.id(), self.cause.sentence())
    }

    fn has_run(&self) -> bool {
        has_run(&self.task, &self.container)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let service = self.task.container(&self.container);
        let stop_code = self.task.stop_code.as_ref().map(|code| code.as_str().to_owned());
        let health = self.task.health.as_ref().filter(|health| **health != Health::UnknownValue);
        let facts = [
            ("stop code", stop_code),
            ("stop reason", Some(self.task.stopped_reason.clone())),
            ("exit code", service.and_then(|service| service.exit_code).map(|code| code.to_string())),
            ("container", service.map(|service| service.reason.clone())),
            ("health", health.map(|health| health.as_str().to_owned())),
        ];
        let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        known.filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The summary, the facts and the last lines of the log, one a line.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.summary())?;
        for (name, value) in self.facts() {
            write!(f, "\n  {:<12} {}", format!("{name}:"), value.trim())?;
        }
        match &self.log {
            Ok(lines) if lines.is_empty() && !self.has_run() => Ok(()),
            Ok(lines) if lines.is_empty() => write!(f, "\n  the task logged nothing"),
            Ok(lines) => lines.iter().try_for_each(|text| write!(f, "\n  | {}", log_line::readable(text))),
            Err(error) => write!(f, "\n  its log is not readable: {error}"),
        }
    }
}

/// Returns the task as it is once its end is known, or as it was last seen if that takes too long.
async fn settle(account: &Account, outputs: &Outputs, mut task: Task) -> Task {
    let settled = poll(SETTLE, POLL, async || {
        if task.stop_code.is_none() || task.is_stopped() || has_run(&task, &outputs.container_name) {
            return Ok(Check::Ready(()));
        }
        let seen = ecs::tasks_by_arn(account, &outputs.cluster_name, std::slice::from_ref(&task.arn)).await;
        if let Some(seen) = seen.ok().and_then(|tasks| tasks.into_iter().next()) {
            task = seen;
        }
        Ok(Check::not_yet("the task is stopping"))
    });
    drop(settled.await);
    task
}

/// Returns the end of a task's log. Waits for lines if the container has run, because then it has written some.
async fn log_of(account: &Account, outputs: &Outputs, task: &Task) -> anyhow::Result<Vec<String>> {
    let stream = format!("ecs/{}/{}", outputs.container_name, task.id());
    let has_run = has_run(task, &outputs.container_name);
    let lines = poll(LATE_LINES, POLL, async || {
        let lines = logs::tail(account, &outputs.log_group, &stream, LINES).await?;
        Ok(if lines.is_empty() && has_run { Check::not_yet("the log is empty") } else { Check::Ready(lines) })
    });
    Ok(lines.await?.unwrap_or_default().into_iter().map(|line| line.text).collect())
}

/// Returns true if the container ran and ended, because then it has an exit code.
fn has_run(task: &Task, container: &str) -> bool {
    task.container(container).is_some_and(|container| container.exit_code.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::{Container, StopCode};

    #[test]
    fn diagnosis_shows_facts_and_readable_log() {
        let container =
            Container { name: "service".to_owned(), exit_code: Some(2), reason: String::new(), image_digest: None };
        let task = Task {
            arn: "arn:aws:ecs:us-east-1:1:task/cluster/0123".to_owned(),
            stop_code: Some(StopCode::EssentialContainerExited),
            stopped_reason: "Essential container in task exited".to_owned(),
            containers: vec![container],
            ..Task::default()
        };
        let log = vec!["wrong:".to_owned(), r#"{"level":"INFO","message":"listening"}"#.to_owned()];
        let cause = classify(&task, "service", &log);
        let diagnosis = Diagnosis { task, container: "service".to_owned(), log: Ok(log), cause };
        let expected = "task 0123: the service rejected its settings\n  \
                        stop code:   EssentialContainerExited\n  \
                        stop reason: Essential container in task exited\n  \
                        exit code:   2\n  \
                        | wrong:\n  \
                        | INFO  listening";
        assert_eq!(diagnosis.to_string(), expected);
    }
}
