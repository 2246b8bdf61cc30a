//! Destroys all projects and looks for leftovers.

use anyhow::anyhow;
use futures_util::future;

use super::{main_project, second_project, third_project};
use crate::rehearsal::{TestEnv, emulator::State};
use xtask::project::Project;

/// Stores of the emulator whose entries remain after a destroy, as they do on AWS: stopped tasks, inactive services and
/// revisions, tag records, and the tokens of transactions (for ten minutes).
const KEPT: [&str; 10] = [
    "dynamodb._txn_idempotency",
    "ec2._tags",
    "ecr._layer_blobs",
    "ecr._manifest_blobs",
    "ecr._uploads",
    "ecs._services",
    "ecs._tasks",
    "ecs._task_defs",
    "ecs._task_def_latest",
    "iam._aws_managed_attachment_counts",
];

/// The store of ECS tags, and the resources whose tags remain because their records do.
const ECS_TAGS: (&str, [&str; 3]) = ("ecs._tags", [":service/", ":task/", ":task-definition/"]);

/// Destroys all projects in parallel: they share nothing.
pub(super) async fn destroy(env: &TestEnv) -> anyhow::Result<String> {
    let projects = [main_project()?, second_project()?, third_project()?];
    let destroyed = future::join_all(projects.iter().map(|project| remove(env, project))).await;
    let seconds = destroyed.into_iter().collect::<anyhow::Result<Vec<f64>>>()?;
    env.remove_deployers().await?;
    let after = env.state().await?;
    let leftovers = leftovers(&env.shared.before.borrow(), &after);
    if leftovers.is_empty() {
        let seconds: Vec<String> = seconds.iter().map(|seconds| format!("{seconds:.1} s")).collect();
        return Ok(format!("no leftovers; {}", seconds.join(", ")));
    }
    Err(anyhow!("after destroying all projects these resources remain: {}", leftovers.join(", ")))
}

/// Destroys a project that does not exist: the command must succeed and report that there is nothing to do.
pub(super) async fn destroy_again(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let again = env.run(&project, &["destroy", "--yes"]).await?.expect_exit(0)?.expect_output("nothing")?;
    env.remove_deployers().await?;
    Ok(format!("exit 0 after {:.1} s", again.seconds))
}

async fn remove(env: &TestEnv, project: &Project) -> anyhow::Result<f64> {
    Ok(env.run(project, &["destroy", "--yes", "--json"]).await?.expect_exit(0)?.seconds)
}

fn leftovers(before: &State, after: &State) -> Vec<String> {
    let existed = |store: &str, key: &String| before.get(store).is_some_and(|keys| keys.contains(key));
    after
        .iter()
        .flat_map(|(store, keys)| keys.iter().map(move |key| (store, key)))
        .filter(|(store, key)| !remains(store, key) && !existed(store, key))
        .map(|(store, key)| format!("{store} {key}"))
        .collect()
}

fn remains(store: &str, key: &str) -> bool {
    let (tags, kinds) = ECS_TAGS;
    KEPT.contains(&store) || store == tags && kinds.iter().any(|kind| key.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_resources_are_leftovers_unless_aws_keeps_them() {
        let state = |stores: &[(&str, &[&str])]| -> State {
            let keys = |keys: &&[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
            stores.iter().map(|(store, found)| ((*store).to_owned(), keys(found))).collect()
        };
        let before = state(&[("ec2._vpcs", &["vpc-1"])]);
        let after = state(&[
            ("ec2._vpcs", &["vpc-1"]),
            ("ecs._tasks", &["t"]),
            ("ecs._tags", &["arn:aws:ecs:r:a:cluster/c", "arn:aws:ecs:r:a:service/c/s"]),
            ("iam._roles", &["r"]),
        ]);
        assert_eq!(leftovers(&before, &after), ["ecs._tags arn:aws:ecs:r:a:cluster/c", "iam._roles r"]);
    }
}
