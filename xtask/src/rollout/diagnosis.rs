//! Everything that can be known of a task that ended: what ECS says, the end of its log, and the cause in plain words.
//!
//! Never fails: what cannot be found out is said in its place, because the task's end is the news.

use std::{fmt, time::Duration};

use super::{cause::Cause, log_line};
use crate::{
    aws::{
        Account,
        ecs::{self, Health, Task},
        logs,
    },
    stack::Outputs,
};

/// How many of the log's last lines are shown.
const LINES: usize = 50;
/// ECS says that a task stops some seconds before it says how its container ended.
const SETTLE: Duration = Duration::from_secs(20);
/// The last lines of a log come after the end of what wrote them.
const LATE_LINES: Duration = Duration::from_secs(6);
const POLL: Duration = Duration::from_secs(1);

/// What is known of the end of a task.
#[derive(Debug)]
pub struct Diagnosis {
    task: Task,
    container: String,
    log: Result<Vec<String>, String>,
    cause: Cause,
}

impl Diagnosis {
    /// Looks into a task; waits some seconds until all there is to know of it has arrived.
    pub(crate) async fn of(account: &Account, outputs: &Outputs, task: &Task) -> Self {
        let container = outputs.container_name.clone();
        let task = settle(account, outputs, task.clone()).await;
        let log = log_of(account, outputs, &task).await.map_err(|error| format!("{error:#}"));
        let cause = Cause::of(&task, &container, log.as_deref().unwrap_or_default());
        Self { task, container, log, cause }
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.cause
    }

    /// What happened, in one sentence.
    pub(crate) fn summary(&self) -> String {
        format!("task {}: {}", self.task.id(), self.cause.sentence())
    }

    fn has_run(&self) -> bool {
        has_run(&self.task, &self.container)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let ours = self.task.container(&self.container);
        let stop_code = self.task.stop_code.as_ref().map(|code| code.as_str().to_owned());
        let health = self.task.health.as_ref().filter(|health| **health != Health::UnknownValue);
        let facts = [
            ("stop code", stop_code),
            ("stop reason", Some(self.task.stopped_reason.clone())),
            ("exit code", ours.and_then(|ours| ours.exit_code).map(|code| code.to_string())),
            ("container", ours.map(|ours| ours.reason.clone())),
            ("health", health.map(|health| health.as_str().to_owned())),
        ];
        let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        known.filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The summary, the facts, and the log's last lines, each on a line of its own.
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
            Err(error) => write!(f, "\n  its log cannot be read: {error}"),
        }
    }
}

/// The task as it is when all is known of its end; or as it was, if that takes too long.
async fn settle(account: &Account, outputs: &Outputs, mut task: Task) -> Task {
    let since = tokio::time::Instant::now();
    let ends = |task: &Task| task.stop_code.is_some() && !task.is_stopped() && !has_run(task, &outputs.container_name);
    while ends(&task) && since.elapsed() < SETTLE {
        tokio::time::sleep(POLL).await;
        let again = ecs::tasks_by_arn(account, &outputs.cluster_name, std::slice::from_ref(&task.arn)).await;
        if let Some(again) = again.ok().and_then(|tasks| tasks.into_iter().next()) {
            task = again;
        }
    }
    task
}

/// The end of a task's log. A container that has run has written something, so that is waited for.
async fn log_of(account: &Account, outputs: &Outputs, task: &Task) -> anyhow::Result<Vec<String>> {
    let stream = format!("ecs/{}/{}", outputs.container_name, task.id());
    let has_run = has_run(task, &outputs.container_name);
    let since = tokio::time::Instant::now();
    loop {
        let lines = logs::tail(account, &outputs.log_group, &stream, LINES).await?;
        if !lines.is_empty() || !has_run || since.elapsed() > LATE_LINES {
            return Ok(lines.into_iter().map(|line| line.text).collect());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether the container ran and ended: then it has an exit code.
fn has_run(task: &Task, container: &str) -> bool {
    task.container(container).is_some_and(|ours| ours.exit_code.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::{Container, StopCode};

    #[test]
    fn it_shows_what_is_known_and_the_log_as_people_read_it() {
        let container =
            Container { name: "ours".to_owned(), exit_code: Some(2), reason: String::new(), image_digest: None };
        let task = Task {
            arn: "arn:aws:ecs:us-east-1:1:task/cluster/0123".to_owned(),
            stop_code: Some(StopCode::EssentialContainerExited),
            stopped_reason: "Essential container in task exited".to_owned(),
            containers: vec![container],
            ..Task::default()
        };
        let log = vec!["wrong:".to_owned(), r#"{"level":"INFO","message":"listening"}"#.to_owned()];
        let cause = Cause::of(&task, "ours", &log);
        let diagnosis = Diagnosis { task, container: "ours".to_owned(), log: Ok(log), cause };
        let expected = "task 0123: the service refused its settings\n  \
                        stop code:   EssentialContainerExited\n  \
                        stop reason: Essential container in task exited\n  \
                        exit code:   2\n  \
                        | wrong:\n  \
                        | INFO  listening";
        assert_eq!(diagnosis.to_string(), expected);
    }
}
