//! The service on ECS: clients go to the addresses of its tasks, since there is nothing in front of them; ECS is told what is to
//! happen to it, and however that ends, as many tasks are asked for as before.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use tokio::{sync::Mutex, time::sleep};

use super::{
    disturb::{Disturbance, Stage},
    endpoints::Door,
};
use xtask::{
    aws::{
        Account,
        ecs::{self, Change, DesiredStatus, RolloutState, Service, Task},
    },
    error::{ErrorExt, Exit},
    rollout,
    stack::{Deployment, Outputs},
};

/// So many tasks, if there are fewer.
const MANY: i32 = 3;
/// How long ECS may take for one disturbance.
const LIMIT: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_secs(1);
/// Between two questions for the tasks' addresses.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// A deployed service that is drilled.
#[derive(Debug)]
pub(crate) struct Ecs<'a> {
    account: &'a Account,
    outputs: &'a Outputs,
    /// How many tasks were asked for before.
    before: i32,
    /// Whether another number may be asked for now.
    changed: Cell<bool>,
    addresses: RefCell<Vec<String>>,
    asking: Mutex<()>,
}

impl<'a> Ecs<'a> {
    /// A service that runs, and is not being changed by anybody.
    pub(crate) async fn of(deployment: &'a Deployment) -> anyhow::Result<Self> {
        let Deployment { account, outputs, .. } = deployment;
        let before = service(account, outputs).await?.desired;
        if before == 0 {
            return Err(anyhow!("{} runs no tasks: desired_count is 0", outputs.service_name))
                .hint(format!("have one run: `cargo xtask deploy{} --var desired_count=1`", outputs.flag()))
                .exit_code(Exit::Unreachable);
        }
        let (changed, addresses, asking) = (Cell::default(), RefCell::default(), Mutex::default());
        let ecs = Self { account, outputs, before, changed, addresses, asking };
        ecs.settled(before, |_| true, |_| true).await?;
        Ok(ecs)
    }

    /// Asks for as many tasks as before, if others were asked for.
    pub(crate) async fn set_back(&self) -> anyhow::Result<()> {
        if !self.changed.get() {
            return Ok(());
        }
        let failed = self.scale(self.before).await.with_context(|| {
            format!("{} may be left with more tasks than the {} it had", self.outputs.service_name, self.before)
        });
        failed.hint(format!("`cargo xtask deploy{}` sets it right", self.outputs.flag())).exit_code(Exit::Apply)?;
        self.changed.set(false);
        Ok(())
    }

    async fn kill(&self) -> anyhow::Result<()> {
        let tasks = self.tasks().await?;
        let victim = tasks.first().context("no task runs")?;
        ecs::stop_task(self.account, &self.outputs.cluster_name, &victim.arn, "cargo xtask drill").await?;
        self.settled(self.service().await?.desired, |_| true, |task| task.arn != victim.arn).await
    }

    async fn replace(&self) -> anyhow::Result<()> {
        let before = self.service().await?;
        let replaced = before.primary().map(|deployment| deployment.id.clone());
        self.update(Change::ForceNewDeployment).await?;
        let is_new = |service: &Service| service.primary().map(|deployment| &deployment.id) != replaced.as_ref();
        self.settled(before.desired, is_new, |_| true).await
    }

    async fn scale(&self, count: i32) -> anyhow::Result<()> {
        self.changed.set(true);
        self.update(Change::DesiredCount(count)).await
    }

    async fn update(&self, change: Change<'_>) -> anyhow::Result<()> {
        ecs::update(self.account, &self.outputs.cluster_name, &self.outputs.service_name, change).await
    }

    /// Waits until exactly so many tasks run and are healthy, all of them of one deployment that ECS is done with.
    async fn settled(
        &self,
        count: i32,
        service_fits: impl Fn(&Service) -> bool,
        task_fits: impl Fn(&Task) -> bool,
    ) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            let (service, tasks) = (self.service().await?, self.tasks().await?);
            let healthy = tasks.iter().filter(|task| task.is_healthy() && task_fits(task)).count();
            if is_at_rest(&service, count) && service_fits(&service) && i32::try_from(healthy) == Ok(count) {
                self.find().await;
                return Ok(());
            }
            if since.elapsed() > LIMIT {
                let what = format!("{healthy} of {count} tasks of {} are well", self.outputs.service_name);
                return Err(anyhow!("{what} after {} s", LIMIT.as_secs()))
                    .hint(format!("see why with `cargo xtask status{}`", self.outputs.flag()));
            }
            sleep(POLL).await;
        }
    }

    async fn service(&self) -> anyhow::Result<Service> {
        service(self.account, self.outputs).await
    }

    /// The tasks that run and are to run on, oldest first.
    async fn tasks(&self) -> anyhow::Result<Vec<Task>> {
        let Outputs { cluster_name, service_name, .. } = self.outputs;
        let mut tasks = ecs::tasks(self.account, cluster_name, service_name, DesiredStatus::Running).await?;
        tasks.retain(Task::is_running);
        tasks.sort_by_key(|task| task.created_at);
        Ok(tasks)
    }

    /// Takes the addresses of the tasks that run now, of those that are well if any is; the old ones, if nobody says.
    async fn find(&self) {
        let Ok(tasks) = self.tasks().await else { return };
        let any_is_well = tasks.iter().any(Task::is_healthy);
        let mut found = Vec::new();
        for task in tasks.iter().filter(|task| task.is_healthy() || !any_is_well) {
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

impl Stage for Ecs<'_> {
    fn name(&self, disturbance: Disturbance) -> String {
        let (before, many) = (self.before, many(self.before));
        match disturbance {
            Disturbance::Kill => "a task is stopped, and ECS starts another".to_owned(),
            Disturbance::Replace => "a new deployment".to_owned(),
            Disturbance::Widen => format!("{before} to {many} tasks"),
            Disturbance::Narrow => format!("{many} tasks to {before}"),
        }
    }

    async fn play(&self, disturbance: Disturbance) -> anyhow::Result<()> {
        match disturbance {
            Disturbance::Kill => self.kill().await,
            Disturbance::Replace => self.replace().await,
            Disturbance::Widen => {
                self.scale(many(self.before)).await?;
                self.settled(many(self.before), |_| true, |_| true).await
            }
            Disturbance::Narrow => {
                self.set_back().await?;
                self.settled(self.before, |_| true, |_| true).await
            }
        }
    }
}

impl Door for Ecs<'_> {
    fn address(&self, turn: usize) -> String {
        let addresses = self.addresses.borrow();
        addresses.get(turn % addresses.len().max(1)).cloned().unwrap_or_default()
    }

    /// Of many who ask at once, one does.
    async fn look_again(&self) {
        let Ok(_asking) = self.asking.try_lock() else {
            drop(self.asking.lock().await);
            return;
        };
        self.find().await;
        sleep(ASK_AGAIN).await;
    }
}

fn many(before: i32) -> i32 {
    MANY.max(before + 1)
}

/// ECS has nothing more to do for it.
fn is_at_rest(service: &Service, count: i32) -> bool {
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
    found.with_context(|| format!("there is no service {service_name} in {cluster_name}")).exit_code(Exit::Unreachable)
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
    fn a_service_is_at_rest_when_one_deployment_is_done_and_all_of_its_tasks_run() {
        use RolloutState::{Completed, InProgress};
        assert!(is_at_rest(&service(1, &[Completed]), 1));
        assert!(!is_at_rest(&service(1, &[Completed]), 3));
        assert!(!is_at_rest(&service(2, &[Completed]), 1));
        assert!(!is_at_rest(&service(1, &[InProgress]), 1));
        assert!(!is_at_rest(&service(1, &[InProgress, Completed]), 1));
    }

    #[test]
    fn there_are_more_tasks_than_before_in_any_case() {
        assert_eq!([many(1), many(2), many(3), many(5)], [3, 3, 4, 6]);
    }
}
