//! Terraform's state is lost. The next deploy has to adopt everything, and neither read nor change the token.

use std::fs;

use anyhow::{Context, anyhow};

use super::main_project;
use crate::rehearsal::{TestEnv, service::Service};
use xtask::stack::Names;

pub(super) async fn adoption(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let (image, digest) = (env.shared.image.borrow().clone(), env.shared.digest.borrow().clone());
    let (repository, _) = image.split_once('@').context("the deployed image has no digest")?;
    let image = format!("{repository}@{digest}");
    let parameter = format!("/{project}/auth-token");
    let before = env.admin.parameter(&parameter).await?;

    let state = env.state_file(&project);
    fs::remove_file(&state).with_context(|| format!("cannot remove {}", state.display()))?;
    let adopted = env.deploy(&project, &["--image", &image]).await?.expect_exit(0)?;
    env.deploy(&project, &["--image", &image]).await?.expect_exit(0)?.expect_output("nothing to change")?;

    let after = env.admin.parameter(&parameter).await?;
    if before != after {
        return Err(anyhow!("the deploy changed the token: version {} became {}", before.version, after.version));
    }
    Service::find(env, &project).await?.add("adopted", "a note").await?;
    let leaks = env.files_with(&after.value)?;
    if !leaks.is_empty() {
        return Err(anyhow!("the token is in {}", leaks.join(", ")));
    }
    Ok(format!("adopted in {:.1} s; the token is unchanged, and in no file", adopted.seconds))
}

/// Checks that each image that served is recorded as a release, once.
pub(super) async fn releases(env: &TestEnv) -> anyhow::Result<String> {
    let repository = Names::new(&main_project()?).repository();
    let images = env.admin.image_tags(&repository).await?;
    let releases = |tags: &[String]| tags.iter().filter(|tag| tag.starts_with("released-")).count();
    if images.len() != 2 || images.iter().any(|tags| releases(tags) != 1) {
        return Err(anyhow!("expected two images with a release tag each, the repository has {images:?}"));
    }
    Ok(format!("{} images, each recorded as a release", images.len()))
}
