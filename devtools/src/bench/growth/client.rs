//! One client on one connection, over MCP 2026-07-28; every answer is checked, and a wrong one ends the run.

use std::{net::SocketAddr, ops::Range, time::Duration};

use anyhow::{Context, anyhow, ensure};
use bench_load::{Surface, connection::Connection, work::note};
use serde_json::{Value, json};

use crate::bench::peer::TOKEN;

/// The service gives up after 20 s; the rest is for a machine that stands still for a while.
const PATIENCE: Duration = Duration::from_secs(120);
/// The service's largest page.
const LARGEST_PAGE: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Client {
    connection: Connection,
}

/// A tool's answer: its structured content, or its error's text.
type Answer = Result<Value, String>;

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { connection: Connection::new(address) }
    }

    pub(crate) async fn add_note(&mut self, session: &str) -> anyhow::Result<()> {
        let answer = self.call("add_note", &json!({"session_id": session, "note": note(0)})).await?;
        ensure!(
            answer == Ok(json!({"message": format!("Note added to {session}.")})),
            "a wrong answer to add_note: {answer:?}"
        );
        Ok(())
    }

    /// Reads a page that has to be just these notes of a session; answers where it ended, if more follow.
    pub(crate) async fn page(
        &mut self,
        session: &str,
        cursor: Option<&str>,
        notes: Range<usize>,
    ) -> anyhow::Result<Option<String>> {
        let mut arguments = json!({"session_id": session, "limit": notes.len()});
        if let Some(cursor) = cursor {
            arguments["cursor"] = cursor.into();
        }
        let answer = self.call("get_notes", &arguments).await?;
        let answer = answer.map_err(|text| anyhow!("get_notes failed: {text}"))?;
        let (expected, count) = (notes.clone().map(note).collect::<Value>(), answer["notes"].as_array().map(Vec::len));
        ensure!(answer["notes"] == expected, "get_notes gave {count:?} notes that are not {notes:?} of {session}");
        Ok(answer["nextCursor"].as_str().map(str::to_owned))
    }

    /// The cursor after so many notes of a session, by reading up to there.
    pub(crate) async fn cursor_after(&mut self, session: &str, notes: usize) -> anyhow::Result<String> {
        let (mut read, mut cursor) = (0, None);
        while read < notes {
            let page = read..notes.min(read + LARGEST_PAGE);
            read = page.end;
            cursor = self.page(session, cursor.as_deref(), page).await?;
        }
        cursor.with_context(|| format!("nothing follows after {notes} notes of {session}"))
    }

    /// Deletes a session's notes: how many, or what the service said when its deadline came first.
    pub(crate) async fn reset(&mut self, session: &str) -> anyhow::Result<Result<u64, String>> {
        let answer = self.call("reset_session", &json!({"session_id": session})).await?;
        Ok(match answer {
            Ok(answer) => Ok(answer["deleted"].as_u64().context("reset_session does not say how many")?),
            Err(text) => Err(text),
        })
    }

    /// A session by handle, a first note in it, and that note read.
    pub(crate) async fn new_session(&mut self) -> anyhow::Result<()> {
        let answer = self.call("create_session", &json!({})).await?;
        let answer = answer.map_err(|text| anyhow!("create_session failed: {text}"))?;
        let handle = answer["session_id"].as_str().context("create_session gives no handle")?.to_owned();
        self.add_note(&handle).await?;
        self.page(&handle, None, 0..1).await.map(drop)
    }

    async fn call(&mut self, tool: &str, arguments: &Value) -> anyhow::Result<Answer> {
        let request = Surface::Mcp2026.request(tool, arguments, Some(TOKEN));
        let answer = tokio::time::timeout(PATIENCE, self.connection.exchange(&request)).await;
        let answer = answer.with_context(|| format!("no answer to {tool} within {} s", PATIENCE.as_secs()))?;
        let (status, body) = answer.with_context(|| format!("no answer to {tool}"))?;
        let mut answer: Value = serde_json::from_slice(&body).with_context(|| format!("no answer to {tool}"))?;
        ensure!(status == 200, "{tool} was answered with {status}: {answer}");
        let mut result = answer["result"].take();
        if result["isError"] == true {
            return Ok(Err(result["content"][0]["text"].as_str().unwrap_or_default().to_owned()));
        }
        ensure!(result["structuredContent"].is_object(), "a wrong answer to {tool}: {answer}");
        Ok(Ok(result["structuredContent"].take()))
    }
}
