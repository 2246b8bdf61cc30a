//! Servers of a user, deployed from a directory that holds nothing but their workspace.

use anyhow::{Context, anyhow};

use super::sixth_project;
use crate::rehearsal::{TestEnv, env::deploy_args, outcome::Outcome, own_crate::OwnCrate};

/// Deploys two packages of one commit, one after the other. The registry must not take one's image for the other's.
pub(super) async fn own_crate(env: &TestEnv) -> anyhow::Result<String> {
    let project = sixth_project()?;
    let workspace = OwnCrate::write(&env.own_crate_directory())?;
    let deploy = async |package| -> anyhow::Result<Outcome> {
        let args = deploy_args(&["--builder", "native", "--package", package]);
        env.run_in(&workspace, package, &project, &args).await?.expect_exit(0)
    };
    let adder = deploy("adder").await?;
    let counter = deploy("counter").await?;
    // The package of the directory is the default, and its image is there.
    let again = env.run_in(&workspace, "adder", &project, &deploy_args(&["--builder", "native"])).await?;
    let again = again.expect_exit(0)?;

    let (one, other) = (adder.event_text("deployed", "digest")?, counter.event_text("deployed", "digest")?);
    if one == other {
        return Err(anyhow!("two packages of one commit have the digest {one}"));
    }
    if again.event_text("deployed", "digest")? != one || !again.event("deployed")?["pushed"].is_null() {
        return Err(anyhow!("the first package's image was not recognized: {}", again.event("deployed")?));
    }
    let checks = [checks(&adder)?, checks(&counter)?];
    if checks[0] >= checks[1] {
        return Err(anyhow!("smoke made {checks:?} checks: more without the built-in tools than with them"));
    }

    for command in [&["status", "--json"][..], &["smoke", "--json"], &["connect"], &["logs"]] {
        env.run_in(&workspace, "adder", &project, command).await?.expect_exit(0)?;
    }
    let status = env.run_in(&workspace, "adder", &project, &["status", "--json"]).await?.object()?;
    let revision = status["revision"].as_str().context("status reports no revision")?.to_owned();
    if !revision.starts_with("adder.") {
        return Err(anyhow!("status does not name the package: {revision}"));
    }
    env.run_in(&workspace, "adder", &project, &["destroy", "--yes", "--json"]).await?.expect_exit(0)?;
    workspace.check_unchanged()?;
    Ok(format!(
        "{revision} and a second package of its commit have two digests; {} and {} checks",
        checks[0], checks[1]
    ))
}

fn checks(deploy: &Outcome) -> anyhow::Result<u64> {
    deploy.event("deployed")?["smoke"]["passed"].as_u64().context("the deploy reports no smoke test")
}
