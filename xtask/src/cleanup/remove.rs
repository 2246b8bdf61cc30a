//! Removes one thing. What is gone already is as good as removed.

use anyhow::{Context, bail};

use super::{
    resource::{Kind, Resource},
    tagged,
};
use crate::{
    aws::{Account, ec2, ecr, ecs, ecs::Standing, iam, logs, ssm, table::Table, tags, vpc_endpoint},
    stack::Names,
};

/// Removes a thing that was found to be ours, or asks AWS to.
pub(crate) async fn remove(account: &Account, names: &Names, thing: &Resource) -> anyhow::Result<()> {
    let name = thing.name.as_str();
    match thing.kind {
        Kind::Service => {
            let (cluster, service) = name.rsplit_once('/').unwrap_or(("default", name));
            ecs::delete_service(account, cluster, service).await.map(drop)
        }
        Kind::Cluster => ecs::delete_cluster(account, name).await.map(drop),
        Kind::TaskDefinitions => remove_revisions(account, names).await,
        Kind::VpcEndpoint => vpc_endpoint::delete(account, name).await,
        Kind::SecurityGroup => {
            let id = thing.id.as_deref().with_context(|| format!("the security group {name} has no id"))?;
            ec2::delete_security_group(account, id).await.map(drop)
        }
        Kind::LogGroup => logs::delete_group(account, name).await.map(drop),
        Kind::Parameter => ssm::delete(account, name).await,
        Kind::Role => iam::delete(account, name).await,
        Kind::Table => Table::of(account, name).delete().await,
        Kind::Repository => ecr::delete(account, name).await.map(drop),
        Kind::Other => bail!("it has the project's tags, and was not made by this version; remove it by hand"),
    }
}

/// Only those that are ours, and with them the ones that were deregistered before and never deleted.
async fn remove_revisions(account: &Account, names: &Names) -> anyhow::Result<()> {
    let active = our_revisions(account, names, Standing::Active).await?;
    let inactive = our_revisions(account, names, Standing::Inactive).await?;
    ecs::deregister_and_delete(account, &active, &inactive).await
}

async fn our_revisions(account: &Account, names: &Names, standing: Standing) -> anyhow::Result<Vec<String>> {
    let all = tagged::revisions(account, names, standing).await?;
    Ok(all.into_iter().filter(|(_, tags)| tags::are_of(tags, names.project())).map(|(arn, _)| arn).collect())
}
