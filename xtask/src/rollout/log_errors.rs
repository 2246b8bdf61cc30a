//! What ails a service that runs and does not do what it should, as far as its own log says so.

use std::time::Duration;

use super::cause::{Cause, permission_in};
use crate::{
    aws::{
        Account,
        ecs::{self, DesiredStatus},
        logs,
    },
    problem::Problem,
    stack::Outputs,
};

/// How many of a log's last lines are looked at.
const LINES: usize = 100;
/// Lines arrive some seconds after they were written.
const LOOKS: u32 = 4;
const POLL: Duration = Duration::from_secs(2);

/// Looks through the logs of the tasks that run. Finding nothing out is no error: this explains another one.
pub async fn log_errors(account: &Account, outputs: &Outputs) -> Option<Problem> {
    for _ in 0..LOOKS {
        if let Some(said) = denied(account, outputs).await {
            let cause = Cause::Permission(said);
            return Some(Problem::new(format!("{}: {}", cause.name(), cause.sentence()), cause.hint(outputs)));
        }
        tokio::time::sleep(POLL).await;
    }
    None
}

async fn denied(account: &Account, outputs: &Outputs) -> Option<String> {
    let Outputs { cluster_name, service_name, log_group, container_name, .. } = outputs;
    let tasks = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await.ok()?;
    for task in &tasks {
        let stream = format!("ecs/{container_name}/{}", task.id());
        let lines = logs::tail(account, log_group, &stream, LINES).await.ok()?;
        let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        if let Some(said) = permission_in(&texts) {
            return Some(said);
        }
    }
    None
}
