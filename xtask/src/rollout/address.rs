//! Finds the address of a task: from the task to its network interface, and from that to its IP address.

use std::time::Duration;

use anyhow::anyhow;

use crate::{
    aws::{
        Account, ec2,
        ecs::{self, DesiredStatus, Task},
    },
    error::{ErrorExt, Exit},
    poll::{Check, poll},
    stack::Outputs,
};

/// An address appears some seconds after its task.
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(1);

/// Address of a task of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `http://<address>:<port>`
    pub url: String,
    /// True if the address is reachable from outside of the VPC.
    pub(crate) public: bool,
}

/// Returns the address of a task of the revision that Terraform asked for. Waits some seconds for one to appear.
pub async fn address(account: &Account, outputs: &Outputs) -> anyhow::Result<Address> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    if ecs::service(account, cluster_name, service_name).await?.is_some_and(|service| service.desired == 0) {
        let flag = outputs.flag();
        return Err(anyhow!("{service_name} has no address, because desired_count = 0")
            .hint(format!("run `cargo xtask deploy{flag} --var desired_count=1` to start a task"))
            .exit_code(Exit::Unreachable));
    }
    let found = poll(LIMIT, POLL, async || {
        let tasks = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await?;
        let new = tasks.iter().filter(|task| task.task_definition == outputs.task_definition_arn && task.is_running());
        let mut running = 0;
        for task in new {
            running += 1;
            if let Some(address) = of_task(account, task, outputs.container_port).await? {
                return Ok(Check::Ready(address));
            }
        }
        Ok(Check::not_yet(format!("{running} tasks of {} run", outputs.task_definition())))
    });
    found.await?.map_err(|late| {
        anyhow!(late)
            .context(format!("no task of {service_name} has an address"))
            .hint(format!("run `cargo xtask status{}` to see which tasks run", outputs.flag()))
            .exit_code(Exit::Unreachable)
    })
}

/// Returns the address of a task, if it has one yet.
pub async fn of_task(account: &Account, task: &Task, port: u16) -> anyhow::Result<Option<Address>> {
    let Some(interface) = &task.interface else { return Ok(None) };
    let Some(addresses) = ec2::addresses(account, interface).await? else { return Ok(None) };
    let public = addresses.public.is_some();
    let ip = addresses.public.or(addresses.private);
    Ok(ip.map(|ip| Address { url: format!("http://{ip}:{port}"), public }))
}
