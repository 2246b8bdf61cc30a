//! Changes that have to lose nothing: a new build while clients write, and a destroy that keeps the table.

use anyhow::anyhow;

use super::{main_project, second_project};
use crate::{
    project::Project,
    rehearsal::{
        World,
        image::{self, Variant},
        service::Service,
    },
};

const SESSION: &str = "kept";

pub(super) async fn roll_out(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let original = world.known.image.borrow().clone();
    let next = image::push(&original, Variant::Relabelled("second-build")).await?;
    let service = Service::of(world, &project).await?;
    let rolled = async { world.deploy(&project, &["--image", &next]).await?.exits(0) };
    let (rolled, told) = service.under_load(rolled).await?;

    let digest = rolled.told("deployed", "digest")?;
    if !next.ends_with(&digest) {
        return Err(anyhow!("{digest} was deployed and not {next}"));
    }
    let service = Service::of(world, &project).await?;
    let reported = service.revision().await?;
    if reported != digest {
        return Err(anyhow!("the service says that it is {reported}, and {digest} was deployed"));
    }
    *world.known.digest.borrow_mut() = digest;
    Ok(format!("{told}; {:.1} s", rolled.seconds))
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
    destroyed.exits(0)?;

    // Two projects in one account: the other one does not notice.
    let other = second_project()?;
    world.run(&other, &["smoke", "--json"]).await?.exits(0)?;

    again(world, &project).await?;
    holds(&Service::of(world, &project).await?, &notes, "after destroy --keep-data and another deploy").await?;

    // A table that knows nothing of them: the notes come from the file alone.
    world.run(&other, &["import", &file]).await?.exits(0)?;
    world.run(&other, &["import", &file]).await?.exits(0)?;
    holds(&Service::of(world, &other).await?, &notes, "after importing them twice").await?;
    Ok("the table outlives a destroy; its export imports into another project, twice to the same end".to_owned())
}

/// Builds and deploys once more, after the image went with its repository. The same source is the same image.
async fn again(world: &World, project: &Project) -> anyhow::Result<()> {
    let built = world.deploy(project, &["--builder", "native"]).await?.exits(0)?;
    let (before, after) = (world.known.image.borrow().clone(), built.told("deployed", "image")?);
    if before == after { Ok(()) } else { Err(anyhow!("building {before} again made {after}")) }
}

async fn holds(service: &Service<'_>, notes: &[String], when: &str) -> anyhow::Result<()> {
    let found = service.notes(SESSION).await?;
    if found == notes { Ok(()) } else { Err(anyhow!("{when} the notes are {found:?} and not {notes:?}")) }
}
