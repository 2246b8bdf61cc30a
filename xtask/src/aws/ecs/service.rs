//! ECS services, their deployments and their events.

use aws_sdk_ecs::types::{self, ServiceField};

use super::{RolloutState, client, seconds, tags_of};
use crate::aws::{Account, sdk, tags::Tags};

/// A service that is not deleted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Service {
    pub arn: String,
    /// `ACTIVE`, or `DRAINING` while tasks of a deleted service still run.
    pub status: String,
    pub desired: i32,
    pub running: i32,
    pub pending: i32,
    /// In seconds since 1970.
    pub created_at: Option<u64>,
    pub deployments: Vec<Deployment>,
    /// Newest first.
    pub events: Vec<Event>,
    pub tags: Tags,
}

/// A deployment in a service: one task definition that is rolling out, serving or draining.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    pub id: String,
    /// `PRIMARY` for the newest, `ACTIVE` for those that still have tasks.
    pub status: String,
    pub task_definition: String,
    pub rollout_state: Option<RolloutState>,
    pub reason: String,
    pub desired: i32,
    pub running: i32,
    pub pending: i32,
    pub failed: i32,
    pub created_at: Option<u64>,
    pub updated_at: Option<u64>,
}

/// A service event: a line that ECS wrote about the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub at: Option<u64>,
    pub message: String,
}

/// A change to a service. It leaves everything else as it is.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    TaskDefinition(&'a str),
    DesiredCount(i32),
    /// Starts a new deployment of the current task definition.
    ForceNewDeployment,
}

impl Service {
    /// Returns the newest deployment.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY")
    }
}

/// Returns a service by its name. `None` if there is none, or only one that is deleted and drained (`INACTIVE`).
pub async fn service(account: &Account, cluster: &str, name: &str) -> anyhow::Result<Option<Service>> {
    let request = client(account).describe_services().cluster(cluster).services(name).include(ServiceField::Tags);
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_cluster_not_found_exception()) => {
            return Ok(None);
        }
        Err(error) => return Err(sdk::failed("DescribeServices", error)),
    };
    Ok(response.services().first().map(Service::from).filter(|service| service.status != "INACTIVE"))
}

/// Changes a service.
pub async fn update(account: &Account, cluster: &str, name: &str, change: Change<'_>) -> anyhow::Result<()> {
    let request = client(account).update_service().cluster(cluster).service(name);
    let request = match change {
        Change::TaskDefinition(arn) => request.task_definition(arn),
        Change::DesiredCount(count) => request.desired_count(count),
        Change::ForceNewDeployment => request.force_new_deployment(true),
    };
    request.send().await.map(drop).map_err(|error| sdk::failed("UpdateService", error))
}

/// Deletes a service together with its tasks. Returns whether it existed.
pub async fn delete_service(account: &Account, cluster: &str, name: &str) -> anyhow::Result<bool> {
    match client(account).delete_service().cluster(cluster).service(name).force(true).send().await {
        Ok(_) => Ok(true),
        Err(error)
            if error.as_service_error().is_some_and(|error| {
                error.is_service_not_found_exception() || error.is_cluster_not_found_exception()
            }) =>
        {
            Ok(false)
        }
        Err(error) => Err(sdk::failed("DeleteService", error)),
    }
}

impl From<&types::Service> for Service {
    fn from(service: &types::Service) -> Self {
        Self {
            arn: service.service_arn().unwrap_or_default().to_owned(),
            status: service.status().unwrap_or_default().to_owned(),
            desired: service.desired_count(),
            running: service.running_count(),
            pending: service.pending_count(),
            created_at: seconds(service.created_at()),
            deployments: service.deployments().iter().map(Deployment::from).collect(),
            events: service.events().iter().map(Event::from).collect(),
            tags: tags_of(service.tags()),
        }
    }
}

impl From<&types::Deployment> for Deployment {
    fn from(deployment: &types::Deployment) -> Self {
        Self {
            id: deployment.id().unwrap_or_default().to_owned(),
            status: deployment.status().unwrap_or_default().to_owned(),
            task_definition: deployment.task_definition().unwrap_or_default().to_owned(),
            rollout_state: deployment.rollout_state().cloned(),
            reason: deployment.rollout_state_reason().unwrap_or_default().to_owned(),
            desired: deployment.desired_count(),
            running: deployment.running_count(),
            pending: deployment.pending_count(),
            failed: deployment.failed_tasks(),
            created_at: seconds(deployment.created_at()),
            updated_at: seconds(deployment.updated_at()),
        }
    }
}

impl From<&types::ServiceEvent> for Event {
    fn from(event: &types::ServiceEvent) -> Self {
        Self {
            id: event.id().unwrap_or_default().to_owned(),
            at: seconds(event.created_at()),
            message: event.message().unwrap_or_default().to_owned(),
        }
    }
}
