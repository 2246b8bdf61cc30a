//! Waits until a rollout has succeeded or failed. Only reads.

use std::{iter, time::Duration};

use tokio::time::timeout;

use super::{
    Baseline,
    ecs_events::EcsEvents,
    evaluate::{FailureReason, Snapshot, Verdict, evaluate},
};
use crate::{
    aws::{
        Account,
        ecs::{self, DesiredStatus, Service, Task},
    },
    error::{ErrorExt, Exit},
    poll::{Check, poll_at},
    stack::Outputs,
    ui::Step,
};

/// Fargate takes a minute or two. ECS's own health checks fail a task well before this.
pub(super) const LIMIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_secs(2);
/// The first looks are more frequent, because most happens then.
const FIRST_POLLS: (usize, Duration) = (10, Duration::from_millis(500));
/// The SDK does not limit the time to read a response.
const RESPONSE: Duration = Duration::from_secs(30);
/// Failed requests in a row that end the wait.
const MAX_FAILURES: u32 = 5;

/// Result of a rollout.
#[derive(Debug, PartialEq)]
pub(crate) enum Rollout {
    /// The new version serves with so many tasks: none, if the service is scaled to zero.
    Live { tasks: i32 },
    /// The new version failed. What serves now is not decided.
    Failed(FailureReason),
}

/// Waits for the revision that Terraform asked for. Returns an error if ECS cannot be asked.
pub(crate) async fn wait(
    account: &Account,
    outputs: &Outputs,
    baseline: &Baseline,
    step: &Step,
) -> anyhow::Result<Rollout> {
    let events = EcsEvents::after(baseline);
    let mut watch = Watch { account, outputs, baseline, step, events, begun: false, failures: 0 };
    let pauses = iter::repeat_n(FIRST_POLLS.1, FIRST_POLLS.0).chain(iter::repeat(POLL));
    let ended = poll_at(LIMIT, pauses, async || watch.check().await)
        .await
        .exit_code(Exit::Apply)
        .hint(format!("the rollout goes on in ECS; run `cargo xtask status{}` to see its result", outputs.flag()))?;
    Ok(ended.unwrap_or_else(|late| Rollout::Failed(FailureReason::TimedOut(late.last))))
}

/// The checks of one wait.
struct Watch<'a> {
    account: &'a Account,
    outputs: &'a Outputs,
    baseline: &'a Baseline,
    step: &'a Step,
    events: EcsEvents,
    /// ECS had a deployment of the revision at any time.
    begun: bool,
    /// Failed requests in a row.
    failures: u32,
}

impl Watch<'_> {
    async fn check(&mut self) -> anyhow::Result<Check<Rollout>> {
        let seen = timeout(RESPONSE, look(self.account, self.outputs)).await.unwrap_or_else(|late| Err(late.into()));
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) if self.failures + 1 < MAX_FAILURES => {
                self.failures += 1;
                return Ok(self.not_yet(format!("no response from AWS, retrying: {error:#}")));
            }
            Err(error) => return Err(error.context("cannot read the state of the rollout from ECS")),
        };
        self.failures = 0;
        let Some(Look { service, running, stopped }) = seen else {
            return Ok(match self.begun {
                true => Check::Ready(Rollout::Failed(FailureReason::ServiceDeleted)),
                false => self.not_yet("ECS does not list the service yet".to_owned()),
            });
        };
        let wanted = self.outputs.task_definition_arn.as_str();
        self.begun |= service.deployments.iter().any(|deployment| deployment.task_definition == wanted);
        self.events.new_in(&service).iter().for_each(|event| self.step.note(event));
        self.show_bar(&service, &running);
        let snapshot = Snapshot {
            wanted,
            baseline: self.baseline,
            begun: self.begun,
            service: &service,
            running: &running,
            stopped: &stopped,
        };
        Ok(match evaluate(snapshot) {
            Verdict::Live => Check::Ready(Rollout::Live { tasks: service.desired }),
            Verdict::Failed(reason) => Check::Ready(Rollout::Failed(reason)),
            Verdict::NotYet(status) => self.not_yet(status),
        })
    }

    fn not_yet(&self, status: String) -> Check<Rollout> {
        self.step.status(&status);
        Check::NotYet(status)
    }

    /// Shows how many of the wanted tasks are healthy.
    fn show_bar(&self, service: &Service, running: &[Task]) {
        let is_new = |task: &&Task| task.task_definition == self.outputs.task_definition_arn && task.is_healthy();
        let healthy = u64::try_from(running.iter().filter(is_new).count()).unwrap_or(u64::MAX);
        match u64::try_from(service.desired) {
            Ok(desired) if desired > 0 => self.step.bar(healthy.min(desired), desired),
            _ => {}
        }
    }
}

/// The service and its tasks.
struct Look {
    service: Service,
    running: Vec<Task>,
    stopped: Vec<Task>,
}

async fn look(account: &Account, outputs: &Outputs) -> anyhow::Result<Option<Look>> {
    let Outputs { cluster_name, service_name, .. } = outputs;
    let Some(service) = ecs::service(account, cluster_name, service_name).await? else { return Ok(None) };
    let running = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Running).await?;
    let stopped = ecs::tasks(account, cluster_name, service_name, DesiredStatus::Stopped).await?;
    Ok(Some(Look { service, running, stopped }))
}
