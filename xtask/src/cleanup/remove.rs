//! Removes one resource. Succeeds if it does not exist.

use anyhow::{Context, bail};

use super::{
    resource::{Kind, Resource},
    tagged,
};
use crate::{
    aws::{Account, ec2, ecr, ecs, ecs::TaskDefinitionStatus, iam, logs, ssm, table::Table, tags, vpc_endpoint},
    stack::Names,
};

/// Removes a resource that the project owns, or starts its removal.
pub(crate) async fn remove(account: &Account, names: &Names, resource: &Resource) -> anyhow::Result<()> {
    let name = resource.name.as_str();
    match resource.kind {
        Kind::Service => {
            let (cluster, service) = name.rsplit_once('/').unwrap_or(("default", name));
            ecs::delete_service(account, cluster, service).await.map(drop)
        }
        Kind::Cluster => ecs::delete_cluster(account, name).await.map(drop),
        Kind::TaskDefinitions => remove_revisions(account, names).await,
        Kind::VpcEndpoint => vpc_endpoint::delete(account, name).await,
        Kind::SecurityGroup => {
            let id =
                resource.id.as_deref().with_context(|| format!("the id of the security group {name} is unknown"))?;
            ec2::delete_security_group(account, id).await.map(drop)
        }
        Kind::LogGroup | Kind::InsightsLogGroup => logs::delete_group(account, name).await.map(drop),
        Kind::Parameter => ssm::delete(account, name).await,
        Kind::Role => iam::delete(account, name).await,
        Kind::Table => Table::new(account, name).delete().await,
        Kind::Repository => ecr::delete(account, name).await.map(drop),
        Kind::Other => bail!("this version cannot remove resources of this kind; remove it in the AWS console"),
    }
}

/// Removes the active revisions that the project owns, and inactive ones that an earlier version never deleted.
async fn remove_revisions(account: &Account, names: &Names) -> anyhow::Result<()> {
    let active = owned_revisions(account, names, TaskDefinitionStatus::Active).await?;
    let inactive = owned_revisions(account, names, TaskDefinitionStatus::Inactive).await?;
    ecs::deregister_and_delete(account, &active, &inactive).await
}

async fn owned_revisions(
    account: &Account,
    names: &Names,
    status: TaskDefinitionStatus,
) -> anyhow::Result<Vec<String>> {
    let all = tagged::revisions(account, names, status).await?;
    Ok(all.into_iter().filter(|(_, tags)| tags::belong_to(tags, names.project())).map(|(arn, _)| arn).collect())
}
