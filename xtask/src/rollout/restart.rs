//! Restarts a revision that ECS gave up on before this deploy.

use anyhow::Context;

use super::Baseline;
use crate::{
    aws::{
        Account,
        ecs::{self, Change},
    },
    error::{ErrorExt, Exit},
    stack::Outputs,
};

/// Forces a new ECS deployment if the wanted revision had failed before. Terraform changes nothing then, and a failed
/// ECS deployment starts no more tasks. Returns true if it did.
pub(crate) async fn restart_if_failed(
    account: &Account,
    outputs: &Outputs,
    baseline: &Baseline,
) -> anyhow::Result<bool> {
    let Outputs { cluster_name, service_name, task_definition_arn, .. } = outputs;
    let service = ecs::service(account, cluster_name, service_name).await.exit_code(Exit::Apply)?;
    let is_stuck = service.is_some_and(|service| {
        service.desired > 0
            && service.primary().is_some_and(|primary| {
                primary.task_definition == *task_definition_arn && baseline.failed_deployments.contains(&primary.id)
            })
    });
    if is_stuck {
        ecs::update(account, cluster_name, service_name, Change::ForceNewDeployment)
            .await
            .context("cannot force a new ECS deployment")
            .exit_code(Exit::Apply)?;
    }
    Ok(is_stuck)
}
