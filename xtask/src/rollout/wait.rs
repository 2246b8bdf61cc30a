//! Looks at a service until its rollout has succeeded or failed, and hands a failure on to the diagnosis and the way back.

use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::time::{Instant, timeout};

use super::{
    Before,
    diagnosis::Diagnosis,
    evaluate::{FailureReason, Snapshot, Verdict, evaluate},
    progress::Progress,
    rollback,
};
use crate::{
    aws::{
        Account,
        ecs::{self, Change, DesiredStatus, Service, Task},
    },
    error::{ErrorExt, Exit},
    stack::Outputs,
    ui::Step,
};

/// Fargate takes a minute or two; ECS's own health checks give a task up well before this.
const LIMIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_secs(2);
/// So many looks at first, when most is happening, come sooner.
const QUICK: (u32, Duration) = (10, Duration::from_millis(500));
/// The SDK sets no limit to the reading of an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// So often in a row AWS may give no answer.
const PATIENCE: u32 = 5;

/// The new version serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// How many tasks do; none, if none was asked for.
    pub(crate) tasks: i32,
}

/// Waits until the revision that Terraform asked for serves. If it does not come to that, sees to it that the one before it
/// does, or else nothing, and returns an error with the cause, what serves, and the exit code for it.
pub async fn wait(account: &Account, outputs: &Outputs, before: &Before, step: &Step) -> anyhow::Result<Live> {
    let flag = outputs.flag();
    let watched = watch(account, outputs, before, step).await.exit_code(Exit::Apply);
    let why = match watched.hint(format!("ECS goes on by itself: `cargo xtask status{flag}` says how it ended"))? {
        Ok(live) => return Ok(live),
        Err(why) => why,
    };
    step.note(&summary(&why));
    let failed = explain(account, outputs, before, &why).await;
    Err(rollback::take(account, outputs, before.live(), failed, step).await)
}

async fn watch(
    account: &Account,
    outputs: &Outputs,
    before: &Before,
    step: &Step,
) -> anyhow::Result<Result<Live, FailureReason>> {
    let wanted = outputs.task_definition_arn.as_str();
    let mut progress = Progress::after(before);
    let mut begun = false;
    let mut failures = 0;
    let mut last = "nothing was heard of it".to_owned();
    let mut looks = 0;
    let since = Instant::now();
    renew(account, outputs, before, step).await?;
    while since.elapsed() < LIMIT {
        match timeout(ANSWER, look(account, outputs)).await.unwrap_or_else(|late| Err(late.into())) {
            Ok(Some(Look { service, running, stopped })) => {
                failures = 0;
                begun |= service.deployments.iter().any(|deployment| deployment.task_definition == wanted);
                progress.events(step, &service);
                match evaluate(Snapshot {
                    wanted,
                    before,
                    begun,
                    service: &service,
                    running: &running,
                    stopped: &stopped,
                }) {
                    Verdict::Live => return Ok(Ok(Live { tasks: service.desired })),
                    Verdict::Failed(why) => return Ok(Err(why)),
                    Verdict::NotYet(status) => {
                        progress.status(step, &status);
                        last = status;
                    }
                }
            }
            Ok(None) if begun => return Ok(Err(FailureReason::Gone)),
            Ok(None) => progress.status(step, "ECS does not know the service yet"),
            Err(error) if failures + 1 < PATIENCE => {
                failures += 1;
                progress.status(step, &format!("AWS gave no answer, asking again: {error:#}"));
            }
            Err(error) => return Err(error.context("ECS cannot be asked how the rollout goes")),
        }
        looks += 1;
        tokio::time::sleep(if looks < QUICK.0 { QUICK.1 } else { POLL }).await;
    }
    Ok(Err(FailureReason::TimedOut(last)))
}

/// What was seen of a service.
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

/// Has ECS begin anew where it gave up this very revision before: Terraform changes nothing then, and a deployment that has
/// failed starts no tasks any more.
async fn renew(account: &Account, outputs: &Outputs, before: &Before, step: &Step) -> anyhow::Result<()> {
    let Outputs { cluster_name, service_name, task_definition_arn, .. } = outputs;
    let Some(service) = ecs::service(account, cluster_name, service_name).await? else { return Ok(()) };
    let stuck = service.primary().is_some_and(|primary| {
        primary.task_definition == *task_definition_arn && before.given_up.contains(&primary.id)
    });
    if stuck && service.desired > 0 {
        step.note("ECS gave this revision up before; it begins with it anew");
        ecs::update(account, cluster_name, service_name, Change::ForceNewDeployment)
            .await
            .context("ECS does not begin with the revision anew")?;
    }
    Ok(())
}

/// The failure with all that is known of it, and what to do about it.
async fn explain(account: &Account, outputs: &Outputs, before: &Before, why: &FailureReason) -> anyhow::Error {
    let task = match why {
        FailureReason::Crashed(task) => Some((**task).clone()),
        FailureReason::Gone => None,
        FailureReason::GivenUp(_) | FailureReason::Replaced(_) => {
            newest(account, outputs, before, &[DesiredStatus::Stopped]).await
        }
        FailureReason::TimedOut(_) => {
            newest(account, outputs, before, &[DesiredStatus::Running, DesiredStatus::Stopped]).await
        }
    };
    let told: anyhow::Result<()> = match task {
        None => Err(anyhow!(summary(why))),
        Some(task) => {
            let diagnosis = Diagnosis::of(account, outputs, &task).await;
            let told = match why {
                FailureReason::Crashed(_) => Err(anyhow!("{diagnosis}")),
                why => Err(anyhow!("{diagnosis}").context(summary(why))),
            };
            told.hint(diagnosis.cause().hint(outputs))
        }
    };
    let flag = outputs.flag();
    let advised = told
        .hint(format!("`cargo xtask logs{flag}` shows what the service said, `cargo xtask status{flag}` what runs"));
    advised.err().unwrap_or_else(|| anyhow!(summary(why)))
}

/// The newest task of the wanted revision, of those that this deploy brought.
async fn newest(account: &Account, outputs: &Outputs, before: &Before, statuses: &[DesiredStatus]) -> Option<Task> {
    for status in statuses {
        let tasks = ecs::tasks(account, &outputs.cluster_name, &outputs.service_name, status.clone()).await;
        let ours = tasks
            .ok()?
            .into_iter()
            .filter(|task| task.task_definition == outputs.task_definition_arn && !before.stopped.contains(&task.arn));
        if let Some(task) = ours.max_by_key(|task| task.created_at) {
            return Some(task);
        }
    }
    None
}

fn summary(why: &FailureReason) -> String {
    match why {
        FailureReason::Crashed(task) => format!("task {} of the new version ended", task.id()),
        FailureReason::GivenUp(reason) => format!("ECS gave the new version up: {reason}"),
        FailureReason::Replaced(other) => format!("the new version was replaced by {}", rollback::short(other)),
        FailureReason::Gone => "the service is not there any more".to_owned(),
        FailureReason::TimedOut(last) => {
            format!("the new version did not come up in {} minutes: {last}", LIMIT.as_secs() / 60)
        }
    }
}
