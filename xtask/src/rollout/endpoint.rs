//! Finds the task that serves now, whichever revision it has.

use anyhow::anyhow;

use super::address::{Address, of_task};
use crate::{
    aws::{
        Account,
        ecs::{self, DesiredStatus, Task},
    },
    error::{ErrorExt, Exit},
    stack::Outputs,
};

/// A serving task, described by its own task definition: after a failed deploy Terraform's outputs describe another
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    pub(crate) address: Address,
    /// Digest of its image, which the service reports as its revision.
    pub(crate) digest: Option<String>,
    /// SSM parameter of its token.
    pub token_parameter: String,
}

/// Returns the task to talk to: a healthy one of the wanted revision, else any healthy one, else any that runs.
pub async fn serving(account: &Account, outputs: &Outputs) -> anyhow::Result<Serving> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let mut tasks = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await?;
    tasks.retain(Task::is_running);
    tasks.sort_by_key(|task| (!task.is_healthy(), task.task_definition != outputs.task_definition_arn));
    for task in &tasks {
        let Some(definition) = ecs::definition(account, &task.task_definition).await? else { continue };
        let port = definition.port.unwrap_or(outputs.container_port);
        if let Some(address) = of_task(account, task, port).await? {
            let digest = definition.digest().map(str::to_owned);
            let token_parameter = definition.secret.unwrap_or_else(|| outputs.token_parameter.clone());
            return Ok(Serving { address, digest, token_parameter });
        }
    }
    Err(anyhow!("no task of {service_name} runs")
        .hint(format!("run `cargo xtask status{}` to see why", outputs.flag()))
        .exit_code(Exit::Unreachable))
}
