//! Presents a finished local deployment: its address and how to connect, for people or as JSON.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use serde::Serialize;

use crate::{
    client_config,
    local::{home::Home, identity, record::Record},
    project::Project,
    smoke::Report,
    token::Token,
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

/// Prints the deployment.
pub(super) fn present(deployed: &Deployed<'_>, record: &Record, token: &Token, json: bool) -> anyhow::Result<()> {
    let text = if json {
        serde_json::to_string_pretty(deployed).context("cannot serialize the result")?
    } else {
        text(deployed, &client_config::instructions(&record.url, &client_config::From::Here(token.reveal())))
    };
    ui::result(&text);
    Ok(())
}

fn text(deployed: &Deployed<'_>, instructions: &str) -> String {
    let project = deployed.project.flag();
    format!(
        "
MCP      {mcp}
REST     {url}/mcp/list_tools
metrics  {metrics}
log      {log}
token    {token_file}

{instructions}

next
  cargo xtask smoke --local{project}
  cargo xtask status --local{project}
  cargo xtask destroy --local{project}",
        mcp = deployed.mcp_url,
        url = deployed.url,
        metrics = deployed.metrics_url.unwrap_or("off"),
        log = deployed.log.display(),
        token_file = deployed.token_file.display(),
    )
}
