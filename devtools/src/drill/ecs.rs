//! A deployed service as the target of a drill. Its clients connect to the tasks' own addresses because there is no
//! load balancer. However the drill ends, the service gets its former number of tasks back.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use anyhow::{Context, anyhow};
use tokio::{sync::Mutex, time::sleep};

use super::{
    client::Endpoints,
    disturb::{Disturbance, Target},
};
use xtask::{
    aws::{
        Account,
        ecs::{self, Change, DesiredStatus, RolloutState, Service, Task},
    },
    error::{ErrorExt, Exit},
    poll::{Check, poll},
    rollout,
    stack::{Deployment, Outputs},
};

/// Minimum number of tasks after scaling out.
const SCALED_OUT: i32 = 3;
/// Limit for the service to become stable after a disturbance.
const LIMIT: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_secs(1);
/// Pause between two look-ups of the tasks' addresses.
const REFRESH_DELAY: Duration = Duration::from_millis(500);

/// A deployed service under a drill.
#[derive(Debug)]
pub(crate) struct Ecs<'a> {
    account: &'a Account,
    outputs: &'a Outputs,
    /// The desired count before the drill.
    original_count: i32,
    /// Set while the desired count may differ from the original.
    scaled: Cell<bool>,
    addresses: RefCell<Vec<String>>,
    refreshing: Mutex<()>,
}

impl<'a> Ecs<'a> {
    /// Finds a deployment's service and waits until it is stable. Fails if no tasks are desired.
    pub(crate) async fn find(deployment: &'a Deployment) -> anyhow::Result<Self> {
        let Deployment { account, outputs, .. } = deployment;
        let original_count = service(account, outputs).await?.desired;
        if original_count == 0 {
            return Err(anyhow!("{} runs no tasks: desired_count is 0", outputs.service_name))
                .hint(format!("run `cargo xtask deploy{} --var desired_count=1` to start a task", outputs.flag()))
                .exit_code(Exit::Unreachable);
        }
        let (scaled, addresses, refreshing) = (Cell::default(), RefCell::default(), Mutex::default());
        let ecs = Self { account, outputs, original_count, scaled, addresses, refreshing };
        ecs.wait_until_stable(original_count, |_| true, |_| true).await?;
        Ok(ecs)
    }

    /// Restores the original desired count if the drill changed it.
    pub(crate) async fn restore_count(&self) -> anyhow::Result<()> {
        if !self.scaled.get() {
            return Ok(());
        }
        let restored = self.scale(self.original_count).await.with_context(|| {
            format!("{} may still run more than its {} tasks", self.outputs.service_name, self.original_count)
        });
        restored
            .hint(format!("run `cargo xtask deploy{}` to restore the number of tasks", self.outputs.flag()))
            .exit_code(Exit::Apply)?;
        self.scaled.set(false);
        Ok(())
    }

    async fn kill(&self) -> anyhow::Result<()> {
        let tasks = self.tasks().await?;
        let victim = tasks.first().context("no task is running")?;
        ecs::stop_task(self.account, &self.outputs.cluster_name, &victim.arn, "cargo xtask drill").await?;
        self.wait_until_stable(self.service().await?.desired, |_| true, |task| task.arn != victim.arn).await
    }

    async fn replace(&self) -> anyhow::Result<()> {
        let before = self.service().await?;
        let replaced = before.primary().map(|deployment| deployment.id.clone());
        self.update(Change::ForceNewDeployment).await?;
        let is_new = |service: &Service| service.primary().map(|deployment| &deployment.id) != replaced.as_ref();
        self.wait_until_stable(before.desired, is_new, |_| true).await
    }

    async fn scale(&self, count: i32) -> anyhow::Result<()> {
        self.scaled.set(true);
        self.update(Change::DesiredCount(count)).await
    }

    async fn update(&self, change: Change<'_>) -> anyhow::Result<()> {
        ecs::update(self.account, &self.outputs.cluster_name, &self.outputs.service_name, change).await
    }

    /// Waits until ECS has completed one deployment with exactly `count` healthy tasks.
    async fn wait_until_stable(
        &self,
        count: i32,
        accept_service: impl Fn(&Service) -> bool,
        accept_task: impl Fn(&Task) -> bool,
    ) -> anyhow::Result<()> {
        let stable = poll(LIMIT, POLL, async || {
            let (service, tasks) = (self.service().await?, self.tasks().await?);
            let healthy = tasks.iter().filter(|task| task.is_healthy() && accept_task(task)).count();
            if is_stable(&service, count) && accept_service(&service) && i32::try_from(healthy) == Ok(count) {
                self.find_addresses().await;
                return Ok(Check::Ready(()));
            }
            Ok(Check::NotYet(format!("{healthy} of {count} tasks of {} are healthy", self.outputs.service_name)))
        });
        let hint = format!("inspect `cargo xtask status{}`", self.outputs.flag());
        stable.await?.map_err(anyhow::Error::from).hint(hint)
    }

    async fn service(&self) -> anyhow::Result<Service> {
        service(self.account, self.outputs).await
    }

    /// Lists the running tasks, oldest first, without those that ECS is stopping.
    async fn tasks(&self) -> anyhow::Result<Vec<Task>> {
        let Outputs { cluster_name, service_name, .. } = self.outputs;
        let mut tasks = ecs::tasks(self.account, cluster_name, service_name, DesiredStatus::Running).await?;
        tasks.retain(Task::is_running);
        tasks.sort_by_key(|task| task.created_at);
        Ok(tasks)
    }

    /// Replaces the addresses by those of the healthy tasks, or of all running ones if none is healthy. Keeps the old
    /// addresses if ECS does not list any.
    async fn find_addresses(&self) {
        let Ok(tasks) = self.tasks().await else { return };
        let any_healthy = tasks.iter().any(Task::is_healthy);
        let mut found = Vec::new();
        for task in tasks.iter().filter(|task| task.is_healthy() || !any_healthy) {
            if let Ok(Some(address)) = rollout::address::of_task(self.account, task, self.outputs.container_port).await
            {
                found.push(address.url);
            }
        }
        if !found.is_empty() {
            *self.addresses.borrow_mut() = found;
        }
    }
}

impl Target for Ecs<'_> {
    fn describe(&self, disturbance: Disturbance) -> String {
        let (original, scaled) = (self.original_count, scaled_out(self.original_count));
        match disturbance {
            Disturbance::Kill => "stop a task, which ECS replaces".to_owned(),
            Disturbance::Replace => "force a new deployment".to_owned(),
            Disturbance::ScaleOut => format!("scale from {original} to {scaled} tasks"),
            Disturbance::ScaleIn => format!("scale from {scaled} to {original} tasks"),
        }
    }

    async fn inject(&self, disturbance: Disturbance) -> anyhow::Result<()> {
        match disturbance {
            Disturbance::Kill => self.kill().await,
            Disturbance::Replace => self.replace().await,
            Disturbance::ScaleOut => {
                let count = scaled_out(self.original_count);
                self.scale(count).await?;
                self.wait_until_stable(count, |_| true, |_| true).await
            }
            Disturbance::ScaleIn => {
                self.restore_count().await?;
                self.wait_until_stable(self.original_count, |_| true, |_| true).await
            }
        }
    }
}

impl Endpoints for Ecs<'_> {
    fn is_limited(&self) -> bool {
        true
    }

    fn address(&self, turn: usize) -> String {
        let addresses = self.addresses.borrow();
        addresses.get(turn % addresses.len().max(1)).cloned().unwrap_or_default()
    }

    /// Of several clients that refresh at once, one does the look-up and the others wait for it.
    async fn refresh(&self) {
        let Ok(_refreshing) = self.refreshing.try_lock() else {
            drop(self.refreshing.lock().await);
            return;
        };
        self.find_addresses().await;
        sleep(REFRESH_DELAY).await;
    }
}

fn scaled_out(original: i32) -> i32 {
    SCALED_OUT.max(original + 1)
}

/// True once ECS has completed the service's only deployment, with all of its tasks running.
fn is_stable(service: &Service, count: i32) -> bool {
    let done = |state: &RolloutState| *state == RolloutState::Completed;
    let [only] = &service.deployments[..] else { return false };
    service.desired == count
        && service.running == count
        && service.pending == 0
        && only.rollout_state.as_ref().is_none_or(done)
}

async fn service(account: &Account, outputs: &Outputs) -> anyhow::Result<Service> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let found = ecs::service(account, cluster_name, service_name).await?;
    found
        .with_context(|| format!("service {service_name} does not exist in cluster {cluster_name}"))
        .exit_code(Exit::Unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask::aws::ecs;

    fn service(running: i32, states: &[RolloutState]) -> Service {
        let deployment =
            |state: &RolloutState| ecs::Deployment { rollout_state: Some(state.clone()), ..ecs::Deployment::default() };
        Service { desired: 1, running, deployments: states.iter().map(deployment).collect(), ..Service::default() }
    }

    #[test]
    fn service_with_one_completed_deployment_is_stable() {
        use RolloutState::{Completed, InProgress};
        assert!(is_stable(&service(1, &[Completed]), 1));
        assert!(!is_stable(&service(1, &[Completed]), 3));
        assert!(!is_stable(&service(2, &[Completed]), 1));
        assert!(!is_stable(&service(1, &[InProgress]), 1));
        assert!(!is_stable(&service(1, &[InProgress, Completed]), 1));
    }

    #[test]
    fn scaling_out_always_adds_tasks() {
        assert_eq!([1, 2, 3, 5].map(scaled_out), [3, 3, 4, 6]);
    }
}
