//! Where a task answers: from the task to its network interface, and from that to its address.

use std::time::Duration;

use anyhow::anyhow;
use tokio::time::Instant;

use crate::{
    aws::{
        Account, ec2,
        ecs::{self, DesiredStatus, Task},
    },
    error::{ErrorExt, Exit},
    stack::Outputs,
};

/// An address appears some seconds after its task.
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(1);

/// An address of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `http://<address>:<port>`
    pub url: String,
    /// Whether it can be reached from outside of the VPC.
    pub(crate) public: bool,
}

/// The address of a task of the revision that Terraform asked for; waits a little for it.
pub async fn address(account: &Account, outputs: &Outputs) -> anyhow::Result<Address> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    if ecs::service(account, cluster_name, service_name).await?.is_some_and(|service| service.desired == 0) {
        return Err(anyhow!("{service_name} has no address, because desired_count = 0 lets no task run"))
            .hint("--var desired_count=1 has one run again")
            .exit_code(Exit::Unreachable);
    }
    let since = Instant::now();
    loop {
        let running = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await?;
        let ours = running.iter().filter(|task| task.task_definition == outputs.task_definition_arn);
        for task in ours.filter(|task| task.is_running()) {
            if let Some(address) = of_task(account, task, outputs.container_port).await? {
                return Ok(address);
            }
        }
        if since.elapsed() > LIMIT {
            return Err(anyhow!("no task of {service_name} has an address"))
                .hint(format!("see what runs with `cargo xtask status{}`", outputs.flag()))
                .exit_code(Exit::Unreachable);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The address of a task, if it has one yet.
pub async fn of_task(account: &Account, task: &Task, port: u16) -> anyhow::Result<Option<Address>> {
    let Some(interface) = &task.interface else { return Ok(None) };
    let Some(addresses) = ec2::addresses(account, interface).await? else { return Ok(None) };
    let public = addresses.public.is_some();
    let ip = addresses.public.or(addresses.private);
    Ok(ip.map(|ip| Address { url: format!("http://{ip}:{port}"), public }))
}
