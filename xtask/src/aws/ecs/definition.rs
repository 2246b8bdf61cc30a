//! ECS task definitions. ECS keeps every revision until it is deregistered and then deleted.

pub use aws_sdk_ecs::types::TaskDefinitionStatus;
use aws_sdk_ecs::types::{CpuArchitecture, TaskDefinitionField};

use super::{client, tags_of};
use crate::aws::{Account, sdk, tags::Tags};

/// The number of task definitions that DeleteTaskDefinitions takes.
const PAGE: usize = 10;

/// The fields of one revision that the deployer reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    pub(crate) arn: String,
    /// The image of the first container.
    pub(crate) image: String,
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) arm64: bool,
    /// The first port of the first container.
    pub(crate) port: Option<u16>,
    /// The `valueFrom` of the first container's first secret.
    pub(crate) secret: Option<String>,
    pub(crate) tags: Tags,
}

impl Definition {
    /// Returns the image's digest, `sha256:…`, if the image is named by a digest.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.image.split_once('@').map(|(_, digest)| digest)
    }
}

/// Returns a revision by its ARN, or the newest active one by its family. `None` if there is none.
pub async fn definition(account: &Account, name: &str) -> anyhow::Result<Option<Definition>> {
    let request = client(account).describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
    let response = match request.send().await {
        Ok(response) => response,
        // ECS answers an unknown name with this general exception.
        Err(error) if error.as_service_error().is_some_and(|error| error.is_client_exception()) => return Ok(None),
        Err(error) => return Err(sdk::failed("DescribeTaskDefinition", error)),
    };
    let Some(found) = response.task_definition() else { return Ok(None) };
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
        tags: tags_of(response.tags()),
    }))
}

/// Returns the ARNs of a family's revisions with this status.
///
/// ECS matches the family as a prefix, so revisions of longer names are filtered out here.
pub async fn definitions(account: &Account, family: &str, status: TaskDefinitionStatus) -> anyhow::Result<Vec<String>> {
    let request = client(account).list_task_definitions().family_prefix(family).status(status);
    let mut pages = request.into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        arns.push(arn.map_err(|error| sdk::failed("ListTaskDefinitions", error))?);
    }
    arns.retain(|arn| is_in_family(arn, family));
    Ok(arns)
}

/// Deregisters active revisions, then asks ECS to delete them together with revisions that are inactive already.
/// ECS deletes a revision when no task uses it any more.
pub async fn deregister_and_delete(account: &Account, active: &[String], inactive: &[String]) -> anyhow::Result<()> {
    let client = client(account);
    for arn in active {
        let deregistered = client.deregister_task_definition().task_definition(arn).send().await;
        deregistered.map_err(|error| sdk::failed("DeregisterTaskDefinition", error))?;
    }
    for page in [active, inactive].concat().chunks(PAGE) {
        let request = client.delete_task_definitions().set_task_definitions(Some(page.to_vec()));
        let response = request.send().await.map_err(|error| sdk::failed("DeleteTaskDefinitions", error))?;
        if let Some(failure) = response.failures().first() {
            let arn = failure.arn().unwrap_or_default();
            let why = failure.reason().or(failure.detail()).unwrap_or("ECS gave no reason");
            anyhow::bail!("cannot delete the task definition {arn}: {why}");
        }
    }
    Ok(())
}

/// Compares the family in `arn:aws:ecs:<region>:<account>:task-definition/<family>:<revision>`.
fn is_in_family(arn: &str, family: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    name.rsplit_once(':').is_some_and(|(found, _)| found == family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_prefix_is_not_a_match() {
        let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/roll-a-task:12";
        assert!(is_in_family(arn, "roll-a-task"));
        assert!(!is_in_family(arn, "roll-a"));
        assert!(!is_in_family("arn:aws:ecs:us-east-1:123456789012:task-definition/roll-a-task2:1", "roll-a-task"));
    }
}
