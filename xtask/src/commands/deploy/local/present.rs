//! Presents a finished local deployment: its address and what to do next, for people or as JSON.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use serde::Serialize;

use crate::{
    cli, connect,
    local::{home::Home, identity, record::Record},
    project::Project,
    smoke::Report,
    ui,
};

/// A finished deployment.
#[derive(Debug, Serialize)]
pub(super) struct Deployed<'a> {
    project: &'a Project,
    url: &'a str,
    mcp_url: String,
    metrics_url: Option<&'a str>,
    revision: &'a str,
    pid: u32,
    ready_ms: u128,
    memory_bytes: Option<u64>,
    token_file: PathBuf,
    log: PathBuf,
    notes: PathBuf,
    smoke: &'a Report,
}

impl<'a> Deployed<'a> {
    pub(super) fn new(
        project: &'a Project,
        home: &Home,
        record: &'a Record,
        took: Duration,
        smoke: &'a Report,
    ) -> Self {
        Self {
            project,
            url: &record.url,
            mcp_url: format!("{}/mcp", record.url),
            metrics_url: record.metrics_url.as_deref(),
            revision: &record.launch.revision,
            pid: record.identity.pid,
            ready_ms: took.as_millis(),
            memory_bytes: identity::memory(&record.identity),
            token_file: home.token(),
            log: home.log(),
            notes: home.notes(),
            smoke,
        }
    }
}

/// Prints the deployment: its address, and what to do next.
pub(super) fn present(deployed: &Deployed<'_>, args: &cli::Deploy) -> anyhow::Result<()> {
    if args.json {
        ui::result(&serde_json::to_string_pretty(deployed).context("cannot serialize the result")?);
        return Ok(());
    }
    ui::step("deployed", args.profile.describe());
    ui::result(&connect::next_steps(&deployed.mcp_url, &format!(" --local{}", deployed.project.flag())));
    Ok(())
}
