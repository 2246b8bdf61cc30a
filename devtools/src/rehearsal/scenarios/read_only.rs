//! The commands that change nothing: smoke, status, logs, doctor and `deploy --dry-run`.

use anyhow::anyhow;
use serde_json::json;

use super::main_project;
use crate::rehearsal::{TestEnv, env::CIDR};
use xtask::{error::Exit, project::Project};

pub(super) async fn commands(env: &TestEnv) -> anyhow::Result<String> {
    let project = main_project()?;
    let smoke = env.run(&project, &["smoke", "--json"]).await?.expect_exit(0)?.object()?;

    let digest = env.shared.digest.borrow().clone();
    let status = env.run(&project, &["status", "--json"]).await?.expect_exit(0)?.object()?;
    if status["digest"] != digest.as_str() {
        return Err(anyhow!("status does not report that {digest} is running: {status}"));
    }
    env.run(&project, &["status"]).await?.expect_exit(0)?.expect_output(&digest)?;

    // The service logs that it listens, and on which port.
    env.run(&project, &["logs"]).await?.expect_exit(0)?.expect_output("listening")?;
    env.run(&project, &["doctor", "--builder", "native", "--allowed-cidr", CIDR]).await?.expect_exit(0)?;
    env.run(&project, &["deploy", "--builder", "native", "--allowed-cidr", CIDR, "--dry-run"]).await?.expect_exit(0)?;
    reject_zones(env, &project).await?;
    let checks = smoke["checks"].as_array().map_or(0, Vec::len);
    Ok(format!(
        "smoke with {checks} checks, status, logs, doctor, deploy --dry-run; zones without Fargate are rejected"
    ))
}

/// Expects preflight to reject an account whose subnets are all in `use1-az3`, where Fargate does not serve ARM64.
async fn reject_zones(env: &TestEnv, project: &Project) -> anyhow::Result<()> {
    env.set_conditions(&json!({"zone_id": "use1-az3"})).await?;
    let image = env.shared.image.borrow().clone();
    let arm = ["--image", &image, "--dry-run", "--var", "cpu_architecture=ARM64"];
    let planned = env.deploy(project, &arm).await?.expect_exit(Exit::Preflight as i32)?;
    planned.expect_output("Fargate serves ARM64 in no zone of us-east-1")?;
    env.set_conditions(&json!({})).await
}
