//! MCP clients of other projects, used as their users would use them. One set of checks holds for all of them.

pub(crate) mod authorization;
pub(crate) mod check;
pub(crate) mod inspector;
pub(crate) mod python;
pub(crate) mod typescript;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use xtask::{
    client::ProtocolVersion,
    process::{self, CommandLine},
};

/// The input of a client.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) url: String,
    pub(crate) token: String,
    /// The user that an OAuth client logs in. The others share the static token's session.
    pub(crate) user: Option<&'static str>,
    /// The session of all clients: each adds a note, and reads its user's notes of earlier clients.
    pub(crate) session: String,
    /// An empty session, to be reset.
    pub(crate) scratch: String,
    pub(crate) note: String,
}

/// The results that a client received. The scripts print them in this form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Results {
    /// The negotiated protocol version, if the client exposes it.
    pub(crate) protocol_version: Option<String>,
    pub(crate) tools: Vec<String>,
    pub(crate) add_note: ToolResult,
    pub(crate) get_notes: ToolResult,
    pub(crate) echo_cached: ToolResult,
    pub(crate) reset_session: ToolResult,
    pub(crate) create_session: ToolResult,
}

/// The result of a tool call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolResult {
    pub(crate) text: String,
    pub(crate) structured: Option<Value>,
    pub(crate) is_error: bool,
}

/// Runs a script that reads its task from the environment and prints its results.
fn run_script(line: CommandLine, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
    let line = line
        .env("MCP_URL", &task.url)
        .env("MCP_TOKEN", &task.token)
        .env("MCP_USER", task.user.unwrap_or_default())
        .env("MCP_PROTOCOL_VERSION", version.as_str())
        .env("MCP_SESSION", &task.session)
        .env("MCP_SCRATCH", &task.scratch)
        .env("MCP_NOTE", &task.note);
    let output = process::capture(&line)?;
    if !output.success {
        anyhow::bail!("`{line}` failed: {}", output.stderr.trim());
    }
    serde_json::from_str(&output.stdout)
        .with_context(|| format!("cannot parse the output of `{line}`: {}", output.stdout.trim()))
}
