//! Task definitions. ECS keeps every revision until somebody deregisters and then deletes it.

use aws_sdk_ecs::types::{CpuArchitecture, TaskDefinitionField, TaskDefinitionStatus};

use super::{client, tags_of};
use crate::aws::{Account, sdk, tags::Tags};

/// How many DeleteTaskDefinitions takes.
const PAGE: usize = 10;

/// One revision, as far as we look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    pub(crate) arn: String,
    /// Of the first container.
    pub(crate) image: String,
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) arm64: bool,
    /// The first port of the first container.
    pub(crate) port: Option<u16>,
    /// Where the first container's first secret comes from.
    pub(crate) secret: Option<String>,
    pub(crate) tags: Tags,
}

impl Definition {
    /// The image's digest, `sha256:…`, if the image is named by one.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.image.split_once('@').map(|(_, digest)| digest)
    }
}

/// Whether services can still use a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// Deregistered, and not yet deleted.
    Inactive,
}

/// A revision by its ARN, or the newest active one by its family. `None` if there is none.
pub async fn definition(account: &Account, name: &str) -> anyhow::Result<Option<Definition>> {
    let request = client(account).describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
    let answer = match request.send().await {
        Ok(answer) => answer,
        // What ECS says of a name that it does not know; it has no code of its own for that.
        Err(error) if error.as_service_error().is_some_and(|said| said.is_client_exception()) => return Ok(None),
        Err(error) => return Err(sdk::failed("DescribeTaskDefinition", error)),
    };
    let Some(found) = answer.task_definition() else { return Ok(None) };
    let first = found.container_definitions().first();
    let port = first.and_then(|first| first.port_mappings().first()).and_then(|mapping| mapping.container_port());
    Ok(Some(Definition {
        arn: found.task_definition_arn().unwrap_or_default().to_owned(),
        image: first.and_then(|first| first.image()).unwrap_or_default().to_owned(),
        port: port.and_then(|port| u16::try_from(port).ok()),
        secret: first.and_then(|first| first.secrets().first()).map(|secret| secret.value_from().to_owned()),
        cpu: found.cpu().unwrap_or_default().to_owned(),
        memory: found.memory().unwrap_or_default().to_owned(),
        arm64: found.runtime_platform().and_then(|platform| platform.cpu_architecture())
            == Some(&CpuArchitecture::Arm64),
        tags: tags_of(answer.tags()),
    }))
}

/// ARNs of a family's revisions. ECS lists every family that begins like this one; the others are left out.
pub async fn definitions(account: &Account, family: &str, standing: Standing) -> anyhow::Result<Vec<String>> {
    let status = match standing {
        Standing::Active => TaskDefinitionStatus::Active,
        Standing::Inactive => TaskDefinitionStatus::Inactive,
    };
    let request = client(account).list_task_definitions().family_prefix(family).status(status);
    let mut pages = request.into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| sdk::failed("ListTaskDefinitions", error))?);
    }
    arns.retain(|arn| is_of(arn, family));
    Ok(arns)
}

/// Deregisters active revisions, and asks ECS to delete them and others that were deregistered before. ECS deletes them when
/// nothing uses them any more.
pub async fn deregister_and_delete(account: &Account, active: &[String], inactive: &[String]) -> anyhow::Result<()> {
    let client = client(account);
    for arn in active {
        let deregistered = client.deregister_task_definition().task_definition(arn).send().await;
        deregistered.map_err(|error| sdk::failed("DeregisterTaskDefinition", error))?;
    }
    for page in [active, inactive].concat().chunks(PAGE) {
        let request = client.delete_task_definitions().set_task_definitions(Some(page.to_vec()));
        let answer = request.send().await.map_err(|error| sdk::failed("DeleteTaskDefinitions", error))?;
        if let Some(failure) = answer.failures().first() {
            let arn = failure.arn().unwrap_or_default();
            let why = failure.reason().or(failure.detail()).unwrap_or("ECS says not why");
            anyhow::bail!("the task definition {arn} cannot be deleted: {why}");
        }
    }
    Ok(())
}

/// `arn:aws:ecs:<region>:<account>:task-definition/<family>:<revision>`
fn is_of(arn: &str, family: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    name.rsplit_once(':').is_some_and(|(of, _)| of == family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_that_only_begins_alike_is_another() {
        let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/roll-a-task:12";
        assert!(is_of(arn, "roll-a-task"));
        assert!(!is_of(arn, "roll-a"));
        assert!(!is_of("arn:aws:ecs:us-east-1:123456789012:task-definition/roll-a-task2:1", "roll-a-task"));
    }
}
