//! The MCP Inspector's command line: one process for each request.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::{Value, json};

use super::{Answer, Era, Seen, Task};
use crate::node::Node;
use xtask::process::{self, CommandLine};

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

    pub(crate) fn run(&self, era: Era, task: &Task) -> anyhow::Result<Seen> {
        let tools = self.request(era, task, &["--method", "tools/list"])?;
        let names = tools["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str());
        Ok(Seen {
            revision: None,
            tools: names.map(str::to_owned).collect(),
            add_note: self.call(era, task, "add_note", json!({"session_id": task.session, "note": task.note}))?,
            get_notes: self.call(era, task, "get_notes", json!({"session_id": task.session}))?,
            echo_cached: self.call(era, task, "echo_cached", json!({"text": task.note}))?,
            reset_session: self.call(era, task, "reset_session", json!({"session_id": task.scratch}))?,
            create_session: self.call(era, task, "create_session", json!({}))?,
        })
    }

    fn call(&self, era: Era, task: &Task, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        let arguments = arguments.to_string();
        let result =
            self.request(era, task, &["--method", "tools/call", "--tool-name", tool, "--tool-args-json", &arguments])?;
        let text =
            result["content"][0]["text"].as_str().ok_or_else(|| anyhow!("{tool} answered without text: {result}"))?;
        Ok(Answer {
            text: text.to_owned(),
            structured: result.get("structuredContent").cloned(),
            is_error: result["isError"] == true,
        })
    }

    fn request(&self, era: Era, task: &Task, what: &[&str]) -> anyhow::Result<Value> {
        let script = self.node.file(PACKAGE.0, "clients/launcher/build/index.js");
        let line = line(self.node.script(&script)?, era, task).args(what);
        let output = process::capture(&line)?;
        if !output.success {
            bail!("the Inspector failed: {}", output.stderr.trim());
        }
        let answer: Value = serde_json::from_str(&output.stdout)
            .with_context(|| format!("cannot understand the Inspector: {}", output.stdout.trim()))?;
        Ok(answer["result"].clone())
    }
}

/// The token stands on the command line because the Inspector takes it nowhere else; it opens a server that lives for a minute.
fn line(line: CommandLine, era: Era, task: &Task) -> CommandLine {
    line.args([
        "--cli",
        &task.url,
        "--transport",
        "http",
        "--protocol-era",
        era.name(),
        "--quiet",
        "--format",
        "json",
        "--header",
    ])
    .arg(format!("Authorization: Bearer {}", task.token))
}
