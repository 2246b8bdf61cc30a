//! Reads the tags of resources from the service that owns them, because the tagging API lags behind.

use super::resource::{Kind, Resource};
use crate::{
    aws::{Account, ecr, ecs, ecs::TaskDefinitionStatus, iam, logs, ssm, table::Table, tags::Tags},
    stack::Names,
};

/// Returns the tags of a resource, if it exists.
pub(super) async fn tags(account: &Account, resource: &Resource) -> anyhow::Result<Option<Tags>> {
    let name = resource.name.as_str();
    match resource.kind {
        Kind::Service => {
            let (cluster, service) = name.rsplit_once('/').unwrap_or(("default", name));
            Ok(ecs::service(account, cluster, service).await?.map(|service| service.tags))
        }
        Kind::Cluster => Ok(ecs::cluster(account, name).await?.map(|cluster| cluster.tags)),
        Kind::LogGroup => match logs::group(account, name).await? {
            Some(group) => logs::tags(account, &group.arn).await,
            None => Ok(None),
        },
        Kind::Parameter => ssm::tags(account, name).await,
        Kind::Role => iam::tags(account, name).await,
        Kind::Table => {
            let table = Table::new(account, name);
            match table.describe().await? {
                Some(described) => table.tags(&described.arn).await.map(Some),
                None => Ok(None),
            }
        }
        Kind::Repository => match ecr::repository(account, name).await? {
            Some(repository) => ecr::tags(account, &repository).await.map(Some),
            None => Ok(None),
        },
        // Task definitions, endpoints and groups are listed together with their tags. AWS does not tag the log group of
        // Container Insights. Others have no known service.
        Kind::TaskDefinitions | Kind::VpcEndpoint | Kind::SecurityGroup | Kind::InsightsLogGroup | Kind::Other => {
            Ok(None)
        }
    }
}

/// Returns the ARNs of the family's revisions with this status, each with its tags.
pub(super) async fn revisions(
    account: &Account,
    names: &Names,
    status: TaskDefinitionStatus,
) -> anyhow::Result<Vec<(String, Tags)>> {
    let mut found = Vec::new();
    for arn in ecs::definitions(account, &names.family(), status).await? {
        if let Some(definition) = ecs::definition(account, &arn).await? {
            found.push((arn, definition.tags));
        }
    }
    Ok(found)
}
