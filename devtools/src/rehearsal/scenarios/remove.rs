//! Destroys everything that the scenarios made, and looks for what is left.

use anyhow::anyhow;
use futures_util::future;

use super::{main_project, second_project, third_project};
use crate::rehearsal::{World, emulator::State};
use xtask::project::Project;

/// What AWS keeps after everything is gone, and the emulator as well: stopped tasks, inactive services and revisions, records
/// of tags, the tokens of transactions (for ten minutes).
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

/// The tags of ECS, in one store, and of which of its resources they stay: those whose records do.
const ECS_TAGS: (&str, [&str; 3]) = ("ecs._tags", [":service/", ":task/", ":task-definition/"]);

/// All projects at once: they have nothing to do with each other.
pub(super) async fn destroy(world: &World) -> anyhow::Result<String> {
    let projects = [main_project()?, second_project()?, third_project()?];
    let destroyed = future::join_all(projects.iter().map(|project| remove(world, project))).await;
    let seconds = destroyed.into_iter().collect::<anyhow::Result<Vec<f64>>>()?;
    world.dismiss().await?;
    let after = world.state().await?;
    let left = left(&world.known.before.borrow(), &after);
    if left.is_empty() {
        let seconds: Vec<String> = seconds.iter().map(|seconds| format!("{seconds:.1} s")).collect();
        return Ok(format!("nothing is left; {}", seconds.join(", ")));
    }
    Err(anyhow!("after destroying everything there is still {}", left.join(", ")))
}

/// What is not there can be destroyed: there is nothing to do, and that is said.
pub(super) async fn again(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let again = world.run(&project, &["destroy", "--yes"]).await?.exit_code(0)?.says("nothing")?;
    world.dismiss().await?;
    Ok(format!("exit 0 after {:.1} s", again.seconds))
}

async fn remove(world: &World, project: &Project) -> anyhow::Result<f64> {
    Ok(world.run(project, &["destroy", "--yes", "--json"]).await?.exit_code(0)?.seconds)
}

fn left(before: &State, after: &State) -> Vec<String> {
    let was_there = |store: &str, key: &String| before.get(store).is_some_and(|keys| keys.contains(key));
    after
        .iter()
        .flat_map(|(store, keys)| keys.iter().map(move |key| (store, key)))
        .filter(|(store, key)| !stays(store, key) && !was_there(store, key))
        .map(|(store, key)| format!("{store} {key}"))
        .collect()
}

fn stays(store: &str, key: &str) -> bool {
    let (tags, kinds) = ECS_TAGS;
    KEPT.contains(&store) || store == tags && kinds.iter().any(|kind| key.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_there_before_and_should_not_stay_is_left() {
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
        assert_eq!(left(&before, &after), ["ecs._tags arn:aws:ecs:r:a:cluster/c", "iam._roles r"]);
    }
}
