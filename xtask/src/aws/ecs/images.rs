//! The images that ECS services run or may start, in all clusters of the region.

use std::collections::BTreeSet;

use anyhow::Context;

use super::client;
use crate::aws::{Account, sdk};

/// The number of services that DescribeServices takes.
const PAGE: usize = 10;

/// Returns the images of every task definition that a service or one of its deployments names.
pub async fn images_in_use(account: &Account) -> anyhow::Result<BTreeSet<String>> {
    let mut definitions = BTreeSet::new();
    for cluster in clusters(account).await? {
        let services = services(account, &cluster).await?;
        for page in services.chunks(PAGE) {
            let request = client(account).describe_services().cluster(&cluster).set_services(Some(page.to_vec()));
            let response = request.send().await.map_err(|error| sdk::failed("DescribeServices", error))?;
            for service in response.services() {
                definitions.extend(service.task_definition().map(str::to_owned));
                let deployments = service.deployments().iter().filter_map(|deployment| deployment.task_definition());
                let task_sets = service.task_sets().iter().filter_map(|set| set.task_definition());
                definitions.extend(deployments.chain(task_sets).map(str::to_owned));
            }
        }
    }
    let mut images = BTreeSet::new();
    for definition in definitions {
        let request = client(account).describe_task_definition().task_definition(&definition);
        let response = request.send().await.map_err(|error| sdk::failed("DescribeTaskDefinition", error))?;
        let found = response.task_definition().with_context(|| format!("ECS returned no {definition}"))?;
        images
            .extend(found.container_definitions().iter().filter_map(|container| container.image()).map(str::to_owned));
    }
    Ok(images)
}

async fn clusters(account: &Account) -> anyhow::Result<Vec<String>> {
    let mut pages = client(account).list_clusters().into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| sdk::failed("ListClusters", error))?);
    }
    Ok(arns)
}

async fn services(account: &Account, cluster: &str) -> anyhow::Result<Vec<String>> {
    let mut pages = client(account).list_services().cluster(cluster).into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| sdk::failed("ListServices", error))?);
    }
    Ok(arns)
}
