//! A client on one connection, over MCP 2026-07-28. It checks every response, and a wrong one ends the run.

use std::{net::SocketAddr, ops::Range, time::Duration};

use anyhow::{Context, anyhow, ensure};
use bench_load::{Api, connection::Connection, work::note};
use serde_json::{Value, json};

use crate::bench::peer::TOKEN;

/// Limit for a response. The service itself times out after 20 s, and the rest allows for a stalled machine.
const RESPONSE_LIMIT: Duration = Duration::from_secs(120);
/// The service's largest page.
const LARGEST_PAGE: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Client {
    connection: Connection,
}

/// The structured content of a tool's result, or the text of its error.
type ToolResult = Result<Value, String>;

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { connection: Connection::new(address) }
    }

    pub(crate) async fn add_note(&mut self, session: &str) -> anyhow::Result<()> {
        let result = self.call("add_note", &json!({"session_id": session, "note": note(0)})).await?;
        ensure!(
            result == Ok(json!({"message": format!("Note added to {session}.")})),
            "wrong result of add_note: {result:?}"
        );
        Ok(())
    }

    /// Reads a page, which must hold exactly these notes of a session. Returns the cursor if more follow.
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
        let result = self.call("get_notes", &arguments).await?;
        let page = result.map_err(|text| anyhow!("get_notes failed: {text}"))?;
        let (expected, count) = (notes.clone().map(note).collect::<Value>(), page["notes"].as_array().map(Vec::len));
        ensure!(page["notes"] == expected, "get_notes returned {count:?} notes that are not {notes:?} of {session}");
        Ok(page["nextCursor"].as_str().map(str::to_owned))
    }

    /// Reads the first `notes` notes of a session and returns the cursor after them.
    pub(crate) async fn cursor_after(&mut self, session: &str, notes: usize) -> anyhow::Result<String> {
        let (mut read, mut cursor) = (0, None);
        while read < notes {
            let page = read..notes.min(read + LARGEST_PAGE);
            read = page.end;
            cursor = self.page(session, cursor.as_deref(), page).await?;
        }
        cursor.with_context(|| format!("nothing follows after {notes} notes of {session}"))
    }

    /// Deletes a session's notes. Returns their number, or the tool error if the service's deadline passed first.
    pub(crate) async fn reset(&mut self, session: &str) -> anyhow::Result<Result<u64, String>> {
        let result = self.call("reset_session", &json!({"session_id": session})).await?;
        Ok(match result {
            Ok(result) => Ok(result["deleted"].as_u64().context("reset_session returned no count")?),
            Err(text) => Err(text),
        })
    }

    /// Creates a session, adds its first note and reads it.
    pub(crate) async fn new_session(&mut self) -> anyhow::Result<()> {
        let result = self.call("create_session", &json!({})).await?;
        let session = result.map_err(|text| anyhow!("create_session failed: {text}"))?;
        let handle = session["session_id"].as_str().context("create_session returned no handle")?.to_owned();
        self.add_note(&handle).await?;
        self.page(&handle, None, 0..1).await.map(drop)
    }

    async fn call(&mut self, tool: &str, arguments: &Value) -> anyhow::Result<ToolResult> {
        let request = Api::Mcp2026.request(tool, arguments, Some(TOKEN));
        let response = tokio::time::timeout(RESPONSE_LIMIT, self.connection.exchange(&request)).await;
        let response =
            response.with_context(|| format!("no response to {tool} within {} s", RESPONSE_LIMIT.as_secs()))?;
        let (status, body) = response.with_context(|| format!("no response to {tool}"))?;
        let mut response: Value =
            serde_json::from_slice(&body).with_context(|| format!("the response to {tool} is not JSON"))?;
        ensure!(status == 200, "{tool} failed: {status}: {response}");
        let mut result = response["result"].take();
        if result["isError"] == true {
            return Ok(Err(result["content"][0]["text"].as_str().unwrap_or_default().to_owned()));
        }
        ensure!(result["structuredContent"].is_object(), "{tool} returned no structured content: {result}");
        Ok(Ok(result["structuredContent"].take()))
    }
}
