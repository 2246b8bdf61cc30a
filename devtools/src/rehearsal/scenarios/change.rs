//! Changes that have to lose nothing: a new build while clients write, and a destroy that keeps the table.

use anyhow::anyhow;

use super::{main_project, second_project};
use crate::rehearsal::{World, image, outcome::Outcome, service::Service};
use xtask::project::Project;

const SESSION: &str = "kept";

pub(super) async fn roll_out(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let original = world.known.image.borrow().clone();
    let service = Service::of(world, &project).await?;
    let before = world.uploads(&project).await?.len();
    let rolled = async { world.deploy_changed(&project).await?.exit_code(0) };
    let (rolled, told) = service.under_load(rolled).await?;
    let uploads = world.uploads(&project).await?.split_off(before);
    let pushed = only_the_change(&original, &rolled, uploads).await?;

    let digest = rolled.told("deployed", "digest")?;
    let service = Service::of(world, &project).await?;
    let reported = service.revision().await?;
    if reported != digest {
        return Err(anyhow!("the service says that it is {reported}, and {digest} was deployed"));
    }
    *world.known.digest.borrow_mut() = digest;
    world.known.deploys.borrow_mut().push(format!("with changed code: {}", rolled.times()?));
    Ok(format!("{pushed}; {told}; {:.1} s", rolled.seconds))
}

/// Of a build of changed code the registry took the layer that changed and the configuration, once each, and that is what the
/// deploy says that it pushed.
async fn only_the_change(original: &str, rolled: &Outcome, mut uploads: Vec<String>) -> anyhow::Result<String> {
    let deployed = rolled.event("deployed")?;
    let image = rolled.told("deployed", "image")?;
    let (before, after) = (image::contents(original).await?, image::contents(&image).await?);
    let (kept, new): (Vec<_>, Vec<_>) = after.layers.into_iter().partition(|layer| before.layers.contains(layer));
    let [layer] = new.as_slice() else {
        return Err(anyhow!("{image} was to differ from {original} in one layer, and does in {}", new.len()));
    };
    if kept.is_empty() {
        return Err(anyhow!("{image} has no layer of {original}, so nothing could be left out"));
    }
    let mut expected = [layer.clone(), after.configuration];
    let pushed = deployed["pushed"].as_array().into_iter().flatten();
    let (mut told, bytes): (Vec<_>, Vec<_>) = pushed
        .map(|blob| {
            (blob["digest"].as_str().unwrap_or_default().to_owned(), blob["bytes"].as_u64().unwrap_or_default())
        })
        .unzip();
    for digests in [&mut uploads[..], &mut told, &mut expected] {
        digests.sort();
    }
    if uploads != expected || told != expected {
        return Err(anyhow!("{expected:?} is new; the registry took {uploads:?}, and the deploy tells of {told:?}"));
    }
    let bytes: u64 = bytes.iter().sum();
    Ok(format!("of {} layers the changed one was pushed, {:.1} MB", kept.len() + 1, bytes as f64 / 1e6))
}

pub(super) async fn keep_data(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let notes = ["one", "two", "three"].map(str::to_owned);
    let service = Service::of(world, &project).await?;
    for note in &notes {
        service.add(SESSION, note).await?;
    }
    let file = world.file("notes.jsonl");
    let destroyed = world.run(&project, &["destroy", "--yes", "--json", "--keep-data", "--export", &file]).await?;
    destroyed.exit_code(0)?;

    // Two projects in one account: the other one does not notice.
    let other = second_project()?;
    world.run(&other, &["smoke", "--json"]).await?.exit_code(0)?;

    again(world, &project).await?;
    holds(&Service::of(world, &project).await?, &notes, "after destroy --keep-data and another deploy").await?;

    // A table that knows nothing of them: the notes come from the file alone.
    world.run(&other, &["import", &file]).await?.exit_code(0)?;
    world.run(&other, &["import", &file]).await?.exit_code(0)?;
    holds(&Service::of(world, &other).await?, &notes, "after importing them twice").await?;
    Ok("the table outlives a destroy; its export imports into another project, twice to the same end".to_owned())
}

/// Builds and deploys once more, after the image went with its repository. The same source is the same image.
async fn again(world: &World, project: &Project) -> anyhow::Result<()> {
    let built = world.deploy(project, &["--builder", "native"]).await?.exit_code(0)?;
    let (before, after) = (world.known.image.borrow().clone(), built.told("deployed", "image")?);
    if before == after { Ok(()) } else { Err(anyhow!("building {before} again made {after}")) }
}

async fn holds(service: &Service<'_>, notes: &[String], when: &str) -> anyhow::Result<()> {
    let found = service.notes(SESSION).await?;
    if found == notes { Ok(()) } else { Err(anyhow!("{when} the notes are {found:?} and not {notes:?}")) }
}
