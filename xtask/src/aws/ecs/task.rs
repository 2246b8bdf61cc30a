//! ECS tasks: running ones, and stopped ones, which ECS keeps for an hour.

use aws_sdk_ecs::types;
pub use aws_sdk_ecs::types::DesiredStatus;

use super::{Health, StopCode, client, seconds};
use crate::aws::{Account, sdk};

/// The number of tasks that DescribeTasks takes.
const PAGE: usize = 100;

/// A task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Task {
    pub arn: String,
    pub task_definition: String,
    /// `PENDING`, `RUNNING`, `STOPPED` or a state between them.
    pub last_status: String,
    pub health: Option<Health>,
    pub created_at: Option<u64>,
    pub started_at: Option<u64>,
    pub stopped_at: Option<u64>,
    pub stop_code: Option<StopCode>,
    pub stopped_reason: String,
    /// The id of the network interface, once it is attached.
    pub interface: Option<String>,
    pub containers: Vec<Container>,
}

/// A container in a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    /// Set once the container has exited.
    pub exit_code: Option<i32>,
    pub reason: String,
    pub image_digest: Option<String>,
}

impl Task {
    /// Returns the last part of the ARN, which is also the last part of the log stream's name.
    pub(crate) fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    pub fn is_running(&self) -> bool {
        self.last_status == "RUNNING"
    }

    /// Returns whether the task has ended, so that its exit code and reason are final.
    pub(crate) fn is_stopped(&self) -> bool {
        self.last_status == "STOPPED"
    }

    /// Returns whether the task runs and its container's health check passes.
    pub fn is_healthy(&self) -> bool {
        self.is_running() && self.health == Some(Health::Healthy)
    }

    pub(crate) fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }
}

/// Returns the tasks of a service with this desired status. A service or cluster that does not exist has none.
pub async fn tasks(
    account: &Account,
    cluster: &str,
    service: &str,
    desired: DesiredStatus,
) -> anyhow::Result<Vec<Task>> {
    let request = client(account).list_tasks().cluster(cluster).service_name(service).desired_status(desired);
    let mut pages = request.into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        match arn {
            Ok(arn) => arns.push(arn),
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_service_not_found_exception() || error.is_cluster_not_found_exception()
                }) =>
            {
                return Ok(Vec::new());
            }
            Err(error) => return Err(sdk::failed("ListTasks", error)),
        }
    }
    tasks_by_arn(account, cluster, &arns).await
}

/// Returns the tasks with these ARNs. Tasks that ECS no longer knows are left out.
pub async fn tasks_by_arn(account: &Account, cluster: &str, arns: &[String]) -> anyhow::Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for page in arns.chunks(PAGE) {
        let request = client(account).describe_tasks().cluster(cluster).set_tasks(Some(page.to_vec()));
        let response = request.send().await.map_err(|error| sdk::failed("DescribeTasks", error))?;
        tasks.extend(response.tasks().iter().map(Task::from));
    }
    Ok(tasks)
}

/// Stops a task. ECS shows `reason` as the task's stopped reason.
pub async fn stop_task(account: &Account, cluster: &str, arn: &str, reason: &str) -> anyhow::Result<()> {
    let request = client(account).stop_task().cluster(cluster).task(arn).reason(reason);
    request.send().await.map(drop).map_err(|error| sdk::failed("StopTask", error))
}

impl From<&types::Task> for Task {
    fn from(task: &types::Task) -> Self {
        let details = task.attachments().iter().flat_map(types::Attachment::details);
        let interface = details.filter(|detail| detail.name() == Some("networkInterfaceId")).find_map(|id| id.value());
        Self {
            arn: task.task_arn().unwrap_or_default().to_owned(),
            task_definition: task.task_definition_arn().unwrap_or_default().to_owned(),
            last_status: task.last_status().unwrap_or_default().to_owned(),
            health: task.health_status().cloned(),
            created_at: seconds(task.created_at()),
            started_at: seconds(task.started_at()),
            stopped_at: seconds(task.stopped_at()),
            stop_code: task.stop_code().cloned(),
            stopped_reason: task.stopped_reason().unwrap_or_default().to_owned(),
            interface: interface.map(str::to_owned),
            containers: task.containers().iter().map(Container::from).collect(),
        }
    }
}

impl From<&types::Container> for Container {
    fn from(container: &types::Container) -> Self {
        Self {
            name: container.name().unwrap_or_default().to_owned(),
            exit_code: container.exit_code(),
            reason: container.reason().unwrap_or_default().to_owned(),
            image_digest: container.image_digest().map(str::to_owned),
        }
    }
}
