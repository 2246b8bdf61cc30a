//! `cargo xtask status` on AWS: prints what runs. Changes nothing.

mod facts;
mod show;

use anyhow::anyhow;

use self::facts::Facts;
use crate::{
    aws::ecs::{self, DesiredStatus, Service, Task},
    cli,
    error::{ErrorExt, Exit},
    rollout::{Diagnosis, is_crash},
    runtime,
    stack::{Deployment, Outputs, deployment},
    ui,
};

pub(crate) fn run(args: &cli::Status) -> anyhow::Result<()> {
    runtime::until_interrupted(status(args))
}

async fn status(args: &cli::Status) -> anyhow::Result<()> {
    let step = ui::begin("status");
    let deployment = deployment::find(&args.which).await?;
    let facts = Facts::of(&deployment).await?;
    drop(step);
    let text = if args.json { show::json(&deployment, &facts).to_string() } else { show::table(&deployment, &facts) };
    ui::result(&text);
    if facts.is_healthy() { Ok(()) } else { Err(down(&deployment, &facts).await) }
}

/// Returns the error that explains why nothing healthy runs.
async fn down(deployment: &Deployment, facts: &Facts) -> anyhow::Error {
    let project = deployment.names.project();
    let flag = project.flag();
    let error = match &facts.service {
        None => anyhow!("{project} has no service {}", deployment.outputs.service_name)
            .hint(format!("run `cargo xtask deploy{flag}` to create what is missing")),
        Some(service) if service.desired == 0 => {
            let text = format!(
                "{project} is scaled to zero, either by a first deployment that failed or by desired_count = 0"
            );
            explain(deployment, service, text)
                .await
                .hint(format!("run `cargo xtask deploy{flag} --var desired_count=1` to start it again"))
        }
        Some(service) => explain(deployment, service, format!("no task of {project} is healthy"))
            .await
            .hint(format!("inspect `cargo xtask logs{flag}`")),
    };
    error.exit_code(Exit::Unreachable)
}

/// Returns an error with this text and the end of the newest task as its cause. ECS remembers tasks for about an
/// hour.
async fn explain(deployment: &Deployment, service: &Service, text: String) -> anyhow::Error {
    let Deployment { account, outputs, .. } = deployment;
    let Outputs { cluster_name, service_name, .. } = outputs;
    let stopped = match ecs::tasks(account, cluster_name, service_name, DesiredStatus::Stopped).await {
        Ok(stopped) => stopped,
        Err(error) => return error.context(format!("{text}, and ECS cannot be asked for the cause")),
    };
    let Some(task) = newest(service, &stopped) else { return anyhow!(text) };
    if is_crash(task) {
        let diagnosis = Diagnosis::new(account, outputs, task).await;
        return anyhow!("{diagnosis}").context(text).hint(diagnosis.cause().hint(outputs));
    }
    let code = task.stop_code.as_ref().map_or("no stop code", |code| code.as_str());
    anyhow!("task {} was stopped: {code}, {}", task.id(), task.stopped_reason).context(text)
}

/// Returns the newest stopped task of the service's current revision. Tasks of other revisions explain nothing.
fn newest<'a>(service: &Service, stopped: &'a [Task]) -> Option<&'a Task> {
    let primary = service.primary()?;
    let current = stopped.iter().filter(|task| task.task_definition == primary.task_definition);
    current.max_by_key(|task| (task.stopped_at, task.created_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs;

    #[test]
    fn newest_task_of_the_current_revision_is_picked() {
        let task = |arn: &str, task_definition: &str, stopped_at: u64| Task {
            arn: arn.to_owned(),
            task_definition: task_definition.to_owned(),
            stopped_at: Some(stopped_at),
            ..Task::default()
        };
        let primary = ecs::Deployment {
            status: "PRIMARY".to_owned(),
            task_definition: "td:2".to_owned(),
            ..ecs::Deployment::default()
        };
        let service = Service { deployments: vec![primary], ..Service::default() };
        let stopped = [task("first", "td:2", 1), task("second", "td:2", 2), task("other", "td:1", 3)];
        assert_eq!(newest(&service, &stopped).map(|task| task.arn.as_str()), Some("second"));
        assert_eq!(newest(&Service::default(), &stopped), None);
    }
}
