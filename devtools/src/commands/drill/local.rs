//! `cargo xtask drill --local`: runs the drill on temporary replicas on this machine.

use std::path::PathBuf;

use anyhow::Context;
use uuid::Uuid;

use super::{drill, present};
use crate::{
    cli,
    drill::{
        Clients,
        local::{Launcher, Local},
    },
};
use xtask::{
    cargo::{self, Profile, build},
    error::{ErrorExt, Exit, exit_of},
    runtime,
    token::Token,
    ui,
};

pub(super) fn run(profile: Profile, options: &cli::DrillOptions) -> anyhow::Result<()> {
    let binary = build(profile)?;
    runtime::wait_for(drill_here(binary, options))?
}

fn build(profile: Profile) -> anyhow::Result<PathBuf> {
    let line = cargo::build_service(profile);
    ui::step("build", &line.to_string());
    build::executable_of(&line, cargo::SERVICE).context("cannot build the service").exit_code(Exit::Build)
}

async fn drill_here(binary: PathBuf, options: &cli::DrillOptions) -> anyhow::Result<()> {
    let token = Token::new(Uuid::new_v4().simple().to_string());
    let mut replicas = Local::start(Launcher::service(binary, token.clone()), 1).await?;
    let clients = Clients::new(&replicas, &token, usize::from(options.clients))?;
    let drilled = drill(&replicas, &clients, options).await;
    if let Ok(report) = &drilled {
        present(report, options.json)?;
    }
    match drilled.and_then(|report| report.verdict()) {
        Err(failed) if exit_of(&failed) != Exit::Interrupted => {
            Err(failed).hint(format!("inspect the store and the replicas' logs in {}", replicas.keep()))
        }
        verdict => verdict,
    }
}
