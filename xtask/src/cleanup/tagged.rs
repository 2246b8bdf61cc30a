//! Asks a service whether a thing is there, and what its tags are. The service itself knows at once; the tagging API, later.

use super::resource::{Kind, Resource};
use crate::{
    aws::{Account, ecr, ecs, ecs::Standing, iam, logs, ssm, table::Table, tags::Tags},
    stack::Names,
};

/// The tags of a thing, if it is there.
pub(super) async fn tags(account: &Account, thing: &Resource) -> anyhow::Result<Option<Tags>> {
    let name = thing.name.as_str();
    match thing.kind {
        Kind::Service => {
            let (cluster, service) = name.rsplit_once('/').unwrap_or(("default", name));
            Ok(ecs::service(account, cluster, service).await?.map(|service| service.tags))
        }
        Kind::Cluster => Ok(ecs::cluster(account, name).await?.map(|cluster| cluster.tags)),
        Kind::LogGroup => Ok(logs::group(account, name).await?.map(|group| group.tags)),
        Kind::Parameter => ssm::tags(account, name).await,
        Kind::Role => iam::tags(account, name).await,
        Kind::Table => {
            let table = Table::of(account, name);
            match table.describe().await? {
                Some(described) => table.tags(&described.arn).await.map(Some),
                None => Ok(None),
            }
        }
        Kind::Repository => match ecr::repository(account, name).await? {
            Some(repository) => ecr::tags(account, &repository).await.map(Some),
            None => Ok(None),
        },
        // Found with their tags, or with nobody to ask.
        Kind::TaskDefinitions | Kind::VpcEndpoint | Kind::SecurityGroup | Kind::Other => Ok(None),
    }
}

/// The revisions of the project's family with their tags.
pub(super) async fn revisions(
    account: &Account,
    names: &Names,
    standing: Standing,
) -> anyhow::Result<Vec<(String, Tags)>> {
    let mut found = Vec::new();
    for arn in ecs::definitions(account, &names.family(), standing).await? {
        if let Some(definition) = ecs::definition(account, &arn).await? {
            found.push((arn, definition.tags));
        }
    }
    Ok(found)
}
