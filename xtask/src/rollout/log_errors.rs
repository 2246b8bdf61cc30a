//! Looks for the cause of a failed smoke test in the log of the running service.

use std::time::Duration;

use super::{cause::Cause, classify::permission_in};
use crate::{
    aws::{
        Account,
        ecs::{self, DesiredStatus},
        logs,
    },
    poll::{Check, poll},
    problem::Problem,
    stack::Outputs,
};

/// Lines at the end of a log that are examined.
const LINES: usize = 100;
/// Lines arrive some seconds after they were written.
const LIMIT: Duration = Duration::from_secs(6);
const POLL: Duration = Duration::from_secs(2);

/// Returns the denied call that a running task logged, if any. Ignores its own errors, because it only explains
/// another one.
pub async fn log_errors(account: &Account, outputs: &Outputs) -> Option<Problem> {
    let found = poll(LIMIT, POLL, async || {
        let denied = denied(account, outputs).await;
        Ok(denied.map_or_else(|| Check::not_yet("no denied call in the log"), Check::Ready))
    });
    let cause = Cause::Permission(found.await.ok()?.ok()?);
    Some(Problem::new(format!("{}: {}", cause.name(), cause.sentence()), cause.hint(outputs)))
}

async fn denied(account: &Account, outputs: &Outputs) -> Option<String> {
    let Outputs { cluster_name, service_name, log_group, container_name, .. } = outputs;
    let tasks = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await.ok()?;
    for task in &tasks {
        let stream = format!("ecs/{container_name}/{}", task.id());
        let lines = logs::tail(account, log_group, &stream, LINES).await.ok()?;
        let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        if let Some(message) = permission_in(&texts) {
            return Some(message);
        }
    }
    None
}
