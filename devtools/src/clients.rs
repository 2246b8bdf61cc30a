//! Other people's MCP clients, used as their users would. What they saw is judged here, in one way for all of them.

pub(crate) mod authorization;
pub(crate) mod inspector;
pub(crate) mod judge;
pub(crate) mod python;
pub(crate) mod typescript;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use xtask::process::{self, CommandLine};

/// What a client is given.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) url: String,
    pub(crate) token: String,
    /// Whose session it is, for those who log in; all others share the token's.
    pub(crate) user: Option<&'static str>,
    /// The same for all clients: each adds a note and reads those that its user has from the ones before.
    pub(crate) session: String,
    /// A session that nobody wrote to, to be reset.
    pub(crate) scratch: String,
    pub(crate) note: String,
}

/// TargetArgs way to speak MCP a client is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Legacy,
    Modern,
}

/// What a client saw; the scripts print it in this form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Seen {
    /// The revision it settled on, where it tells.
    pub(crate) revision: Option<String>,
    pub(crate) tools: Vec<String>,
    pub(crate) add_note: Answer,
    pub(crate) get_notes: Answer,
    pub(crate) echo_cached: Answer,
    pub(crate) reset_session: Answer,
    pub(crate) create_session: Answer,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) structured: Option<Value>,
    pub(crate) is_error: bool,
}

impl Era {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }

    pub(crate) fn revision(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// Runs a script that reads its task from the environment and prints what it saw.
fn run_script(line: CommandLine, era: Era, task: &Task) -> anyhow::Result<Seen> {
    let line = line
        .env("MCP_URL", &task.url)
        .env("MCP_TOKEN", &task.token)
        .env("MCP_USER", task.user.unwrap_or_default())
        .env("MCP_ERA", era.name())
        .env("MCP_SESSION", &task.session)
        .env("MCP_SCRATCH", &task.scratch)
        .env("MCP_NOTE", &task.note);
    let output = process::capture(&line)?;
    if !output.success {
        anyhow::bail!("`{line}` failed: {}", output.stderr.trim());
    }
    serde_json::from_str(&output.stdout)
        .with_context(|| format!("cannot understand what `{line}` printed: {}", output.stdout.trim()))
}
