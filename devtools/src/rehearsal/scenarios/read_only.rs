//! The commands that look and change nothing.

use anyhow::anyhow;

use super::main_project;
use crate::rehearsal::{World, env::CIDR};

pub(super) async fn look(world: &World) -> anyhow::Result<String> {
    let project = main_project()?;
    let smoke = world.run(&project, &["smoke", "--json"]).await?.exit_code(0)?.object()?;

    let digest = world.known.digest.borrow().clone();
    let status = world.run(&project, &["status", "--json"]).await?.exit_code(0)?.object()?;
    if status["digest"] != digest.as_str() {
        return Err(anyhow!("status does not say that {digest} runs: {status}"));
    }
    world.run(&project, &["status"]).await?.exit_code(0)?.says(&digest)?;

    // The service says when it listens, and on which port.
    world.run(&project, &["logs"]).await?.exit_code(0)?.says("listening")?;
    world.run(&project, &["doctor", "--builder", "native", "--allowed-cidr", CIDR]).await?.exit_code(0)?;
    world.run(&project, &["deploy", "--builder", "native", "--allowed-cidr", CIDR, "--dry-run"]).await?.exit_code(0)?;
    let checks = smoke["checks"].as_array().map_or(0, Vec::len);
    Ok(format!("smoke with {checks} checks, status, logs, doctor, deploy --dry-run"))
}
