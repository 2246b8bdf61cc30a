//! `cargo xtask status` on AWS: says what runs. Changes nothing.

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
    let deployment = deployment::find(&args.which).await?;
    let facts = Facts::of(&deployment).await?;
    let text = if args.json { show::json(&deployment, &facts).to_string() } else { show::table(&deployment, &facts) };
    ui::result(&text);
    if facts.is_healthy() { Ok(()) } else { Err(down(&deployment, &facts).await) }
}

/// Why nothing healthy runs, as far as that can be told.
async fn down(deployment: &Deployment, facts: &Facts) -> anyhow::Error {
    let project = deployment.names.project();
    let flag = project.flag();
    let ended = match &facts.service {
        None => Err(anyhow!("{project} has no service {}", deployment.outputs.service_name))
            .hint(format!("`cargo xtask deploy{flag}` makes what is missing")),
        Some(service) if service.desired == 0 => {
            let text = format!(
                "{project} is set to run no tasks, as after a first deployment that failed or with desired_count = 0"
            );
            last_end(deployment, service, text)
                .await
                .hint(format!("`cargo xtask deploy{flag}` starts it again, if desired_count is not 0"))
        }
        Some(service) => last_end(deployment, service, format!("nothing healthy runs of {project}"))
            .await
            .hint(format!("`cargo xtask logs{flag}` shows what the service said")),
    };
    ended.exit_code(Exit::Unreachable).err().unwrap_or_else(|| anyhow!("nothing healthy runs of {project}"))
}

/// The error of this text, because of the end of the newest task. ECS remembers tasks for about an hour.
async fn last_end(deployment: &Deployment, service: &Service, text: String) -> anyhow::Result<()> {
    let Deployment { account, outputs, .. } = deployment;
    let Outputs { cluster_name, service_name, .. } = outputs;
    let stopped = match ecs::tasks(account, cluster_name, service_name, DesiredStatus::Stopped).await {
        Ok(stopped) => stopped,
        Err(error) => return Err(error.context(format!("{text}, and ECS does not say why"))),
    };
    let Some(task) = newest(service, &stopped) else { return Err(anyhow!(text)) };
    if is_crash(task) {
        let diagnosis = Diagnosis::of(account, outputs, task).await;
        return Err(anyhow!("{diagnosis}").context(text)).hint(diagnosis.cause().hint(outputs));
    }
    let by = task.stop_code.as_ref().map_or("for no reason that ECS gives", |code| code.as_str());
    Err(anyhow!("task {} was stopped: {by}, {}", task.id(), task.stopped_reason).context(text))
}

/// The newest task of the revision that the service is at; what became of other ones says nothing of now.
fn newest<'a>(service: &Service, stopped: &'a [Task]) -> Option<&'a Task> {
    let primary = service.primary()?;
    let of_it = stopped.iter().filter(|task| task.task_definition == primary.task_definition);
    of_it.max_by_key(|task| (task.stopped_at, task.created_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs;

    #[test]
    fn only_the_revision_of_now_explains_now() {
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
