//! ECS: services and their deployments, tasks, task definitions, clusters.
//!
//! Reports states as ECS has them. Callers decide what they mean, such as whether a deployment has failed.

mod cluster;
mod definition;
mod images;
mod service;
mod task;

use aws_sdk_ecs::Client;
pub use aws_sdk_ecs::types::{
    DeploymentRolloutState as RolloutState, HealthStatus as Health, TaskStopCode as StopCode,
};
use aws_smithy_types::DateTime;

use super::{Account, tags::Tags};

pub use self::{
    cluster::{cluster, delete_cluster},
    definition::{Definition, TaskDefinitionStatus, definition, definitions, deregister_and_delete},
    images::images_in_use,
    service::{Change, Deployment, Service, delete_service, service, update},
    task::{DesiredStatus, Task, stop_task, tasks, tasks_by_arn},
};

#[cfg(test)]
pub use self::{service::Event, task::Container};

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

/// Returns seconds since 1970.
fn seconds(time: Option<&DateTime>) -> Option<u64> {
    time.and_then(|time| u64::try_from(time.secs()).ok())
}

fn tags_of(tags: &[aws_sdk_ecs::types::Tag]) -> Tags {
    let pair =
        |tag: &aws_sdk_ecs::types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}
