//! ECS clusters.

use aws_sdk_ecs::types::ClusterField;

use super::{client, tags_of};
use crate::aws::{Account, sdk, tags::Tags};

/// A cluster that is not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub(crate) arn: String,
    pub(crate) tags: Tags,
}

/// Returns a cluster by its name. `None` if there is none, or only one that ECS remembers as deleted (`INACTIVE`).
pub async fn cluster(account: &Account, name: &str) -> anyhow::Result<Option<Cluster>> {
    let request = client(account).describe_clusters().clusters(name).include(ClusterField::Tags);
    let response = request.send().await.map_err(|error| sdk::failed("DescribeClusters", error))?;
    let active = response.clusters().iter().find(|cluster| cluster.status() != Some("INACTIVE"));
    Ok(active.map(|cluster| Cluster {
        arn: cluster.cluster_arn().unwrap_or_default().to_owned(),
        tags: tags_of(cluster.tags()),
    }))
}

/// Deletes a cluster that has no services and no tasks. Returns whether it existed.
pub async fn delete_cluster(account: &Account, name: &str) -> anyhow::Result<bool> {
    match client(account).delete_cluster().cluster(name).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_cluster_not_found_exception()) => Ok(false),
        Err(error) => Err(sdk::failed("DeleteCluster", error)),
    }
}
