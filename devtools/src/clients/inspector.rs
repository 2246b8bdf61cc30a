//! The command line of the MCP Inspector, which starts a process for each request.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::{Value, json};

use super::{Results, Task, ToolResult};
use crate::node::Node;
use xtask::{
    client::ProtocolVersion,
    process::{self, CommandLine},
};

const PACKAGE: (&str, &str) = ("@modelcontextprotocol/inspector", "2.12.0");

/// The installed Inspector.
#[derive(Debug)]
pub(crate) struct Inspector {
    node: Node,
}

impl Inspector {
    pub(crate) fn install(target: &Path) -> anyhow::Result<Self> {
        Ok(Self { node: Node::with_packages(target, "client-inspector", &[PACKAGE])? })
    }

    pub(crate) fn run(&self, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
        let tools = self.request(version, task, &["--method", "tools/list"])?;
        let names = tools["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str());
        Ok(Results {
            protocol_version: None,
            tools: names.map(str::to_owned).collect(),
            add_note: self.call(version, task, "add_note", json!({"session_id": task.session, "note": task.note}))?,
            get_notes: self.call(version, task, "get_notes", json!({"session_id": task.session}))?,
            echo_cached: self.call(version, task, "echo_cached", json!({"text": task.note}))?,
            reset_session: self.call(version, task, "reset_session", json!({"session_id": task.scratch}))?,
            create_session: self.call(version, task, "create_session", json!({}))?,
        })
    }

    fn call(&self, version: ProtocolVersion, task: &Task, tool: &str, arguments: Value) -> anyhow::Result<ToolResult> {
        let arguments = arguments.to_string();
        let result = self.request(
            version,
            task,
            &["--method", "tools/call", "--tool-name", tool, "--tool-args-json", &arguments],
        )?;
        let text = result["content"][0]["text"].as_str().ok_or_else(|| anyhow!("{tool} returned no text: {result}"))?;
        Ok(ToolResult {
            text: text.to_owned(),
            structured: result.get("structuredContent").cloned(),
            is_error: result["isError"] == true,
        })
    }

    fn request(&self, version: ProtocolVersion, task: &Task, what: &[&str]) -> anyhow::Result<Value> {
        let script = self.node.file(PACKAGE.0, "clients/launcher/build/index.js");
        let line = line(self.node.script(&script)?, version, task).args(what);
        let output = process::capture(&line)?;
        if !output.success {
            bail!("the Inspector failed: {}", output.stderr.trim());
        }
        let response: Value = serde_json::from_str(&output.stdout)
            .with_context(|| format!("cannot parse the Inspector's output: {}", output.stdout.trim()))?;
        Ok(response["result"].clone())
    }
}

/// The token is an argument, because the Inspector has no other input for it. It is valid for this run's server only.
fn line(line: CommandLine, version: ProtocolVersion, task: &Task) -> CommandLine {
    line.args([
        "--cli",
        &task.url,
        "--transport",
        "http",
        "--protocol-era",
        match version {
            ProtocolVersion::V2025_11_25 => "legacy",
            ProtocolVersion::V2026_07_28 => "modern",
        },
        "--quiet",
        "--format",
        "json",
        "--header",
    ])
    .arg(format!("Authorization: Bearer {}", task.token))
}
