//! Changes that must lose no note: a new build under load, and a destroy that keeps the table.

use anyhow::anyhow;

use super::{main_project, second_project};
use crate::rehearsal::{TestEnv, image, outcome::Outcome, service::Service};
use xtask::project::Project;

const SESSION: &str = "kept";

pub(super) async fn roll_out(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let original = env.shared.image.borrow().clone();
    let service = Service::find(env, &project).await?;
    let before = env.uploads(&project).await?.len();
    let deploy = async { env.deploy_changed(&project).await?.expect_exit(0) };
    let (deployed, load) = service.under_load(deploy).await?;
    let uploads = env.uploads(&project).await?.split_off(before);
    let pushed = check_pushed_blobs(&original, &deployed, uploads).await?;

    let digest = deployed.event_text("deployed", "digest")?;
    let service = Service::find(env, &project).await?;
    let reported = service.revision().await?;
    if reported != digest {
        return Err(anyhow!("the service reports revision {reported} although {digest} was deployed"));
    }
    *env.shared.digest.borrow_mut() = digest;
    env.shared.deploys.borrow_mut().push(format!("with changed code: {}", deployed.timings()?));
    Ok(format!("{pushed}; {load}; {:.1} s", deployed.seconds))
}

/// Checks that a deploy of changed code pushed one layer and the configuration, once each, and reported exactly these.
async fn check_pushed_blobs(original: &str, deploy: &Outcome, mut uploads: Vec<String>) -> anyhow::Result<String> {
    let deployed = deploy.event("deployed")?;
    let image = deploy.event_text("deployed", "image")?;
    let (before, after) = (image::contents(original).await?, image::contents(&image).await?);
    let (kept, new): (Vec<_>, Vec<_>) = after.layers.into_iter().partition(|layer| before.layers.contains(layer));
    let [layer] = new.as_slice() else {
        return Err(anyhow!("{image} differs from {original} in {} layers instead of one", new.len()));
    };
    if kept.is_empty() {
        return Err(anyhow!("{image} shares no layer with {original}"));
    }
    let mut expected = [layer.clone(), after.configuration];
    let pushed = deployed["pushed"].as_array().into_iter().flatten();
    let (mut reported, bytes): (Vec<_>, Vec<_>) = pushed
        .map(|blob| {
            (blob["digest"].as_str().unwrap_or_default().to_owned(), blob["bytes"].as_u64().unwrap_or_default())
        })
        .unzip();
    for digests in [&mut uploads[..], &mut reported, &mut expected] {
        digests.sort();
    }
    if uploads != expected || reported != expected {
        return Err(anyhow!("expected pushes {expected:?}, the registry received {uploads:?}, reported {reported:?}"));
    }
    let bytes: u64 = bytes.iter().sum();
    Ok(format!("pushed one of {} layers, {:.1} MB", kept.len() + 1, bytes as f64 / 1e6))
}

pub(super) async fn keep_data(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let notes = ["one", "two", "three"].map(str::to_owned);
    let service = Service::find(env, &project).await?;
    for note in &notes {
        service.add(SESSION, note).await?;
    }
    let file = env.file("notes.jsonl");
    let destroyed = env.run(&project, &["destroy", "--yes", "--json", "--keep-data", "--export", &file]).await?;
    destroyed.expect_exit(0)?;

    // Another project in the same account is not affected.
    let other = second_project()?;
    env.run(&other, &["smoke", "--json"]).await?.expect_exit(0)?;

    rebuild_and_deploy(env, &project).await?;
    let service = Service::find(env, &project).await?;
    check_notes(&service, &notes, "after destroy --keep-data and another deploy").await?;

    // The other project's table has none of the notes, so they come from the file.
    env.run(&other, &["import", &file]).await?.expect_exit(0)?;
    env.run(&other, &["import", &file]).await?.expect_exit(0)?;
    check_notes(&Service::find(env, &other).await?, &notes, "after importing them twice").await?;
    Ok("the table outlives a destroy; two imports of its export into another project store each note once".to_owned())
}

/// Builds and deploys again after the image repository was destroyed. The same source must give the same image.
async fn rebuild_and_deploy(env: &TestEnv, project: &Project) -> anyhow::Result<()> {
    let built = env.deploy(project, &["--builder", "native"]).await?.expect_exit(0)?;
    let (before, after) = (env.shared.image.borrow().clone(), built.event_text("deployed", "image")?);
    if before == after { Ok(()) } else { Err(anyhow!("rebuilding {before} produced {after}")) }
}

async fn check_notes(service: &Service<'_>, notes: &[String], when: &str) -> anyhow::Result<()> {
    let found = service.notes(SESSION).await?;
    if found == notes { Ok(()) } else { Err(anyhow!("{when} the notes are {found:?} instead of {notes:?}")) }
}
