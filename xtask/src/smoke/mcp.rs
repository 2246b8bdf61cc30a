//! MCP checks of one protocol version: what it negotiates, every tool's text and structured content, and errors.

use serde_json::json;
use uuid::Uuid;

use super::{TOOLS, runner::Runner, sessions::Sessions, target::Target};
use crate::client::{McpClient, Mismatch, ProtocolVersion, ensure_equal};

/// `JSON-RPC` code for invalid parameters. MCP uses it for unknown tools.
const INVALID_PARAMS: i32 = -32602;

/// Runs every check of one protocol version.
pub(crate) async fn check(runner: &mut Runner, target: &Target, version: ProtocolVersion, sessions: &mut Sessions) {
    let name = |what: &str| format!("mcp {version}: {what}");
    let connected = runner.check(name("connect"), connect(target, version)).await;
    let Some(client) = connected else {
        for what in [
            "list tools",
            "get_notes reads notes of other clients",
            "add_note",
            "get_notes",
            "echo_cached, the second time from the cache",
            "add_note under a key, repeated, is one note",
            "reset_session",
            "create_session, and its handle mangled",
            "an unknown tool is -32602",
            "a missing argument is a tool error",
        ] {
            runner.skip(name(what), &name("connect"));
        }
        return;
    };
    runner.check(name("list tools"), list_tools(&client)).await;
    runner
        .check(name("get_notes reads notes of other clients"), get_notes(&client, &sessions.shared, &sessions.notes))
        .await;
    let note = format!("over MCP {version}");
    if runner.check(name("add_note"), add_note(&client, &sessions.shared, &note)).await.is_some() {
        sessions.notes.push(note);
        runner.check(name("get_notes"), get_notes(&client, &sessions.shared, &sessions.notes)).await;
    } else {
        runner.skip(name("get_notes"), &name("add_note"));
    }
    runner.check(name("echo_cached, the second time from the cache"), echo_twice(&client)).await;
    let keyed = sessions.add(version, "keyed");
    runner.check(name("add_note under a key, repeated, is one note"), add_twice(&client, &keyed)).await;
    let reset = sessions.add(version, "reset");
    runner.check(name("reset_session"), reset_session(&client, &reset)).await;
    runner.check(name("create_session, and its handle mangled"), create_session(&client)).await;
    runner.check(name("an unknown tool is -32602"), unknown_tool(&client)).await;
    runner.check(name("a missing argument is a tool error"), missing_argument(&client)).await;
    client.close().await;
}

async fn connect(target: &Target, version: ProtocolVersion) -> Result<McpClient, Mismatch> {
    let client = McpClient::connect(target.url(), target.token(), version).await?;
    ensure_equal(&Some(version.to_string()), &client.protocol_version())?;
    Ok(client)
}

async fn list_tools(client: &McpClient) -> Result<(), Mismatch> {
    let tools = client.tools().await?;
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let mut expected = TOOLS.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    ensure_equal(&expected, &names)?;
    match tools.iter().find(|tool| tool.output_schema.is_none() || tool.description.is_none()) {
        Some(tool) => {
            Err(Mismatch::new("an output schema and a description for each tool", format!("not for {}", tool.name)))
        }
        None => Ok(()),
    }
}

async fn add_note(client: &McpClient, session: &str, note: &str) -> Result<(), Mismatch> {
    let result = client.call("add_note", json!({"session_id": session, "note": note})).await?;
    let message = format!("Note added to {session}.");
    result.ensure(&message, &json!({"message": message}))
}

async fn get_notes(client: &McpClient, session: &str, notes: &[String]) -> Result<(), Mismatch> {
    let result = client.call("get_notes", json!({"session_id": session})).await?;
    // The text is a JSON array. Its spacing is not part of the contract.
    let text: Vec<String> = serde_json::from_str(&result.text)
        .map_err(|_| Mismatch::new("a JSON array of notes as text", result.text.clone()))?;
    ensure_equal(&notes.to_vec(), &text)?;
    ensure_equal(&json!({"notes": notes}), &result.structured)
}

async fn echo_twice(client: &McpClient) -> Result<(), Mismatch> {
    let text = format!("smoke {}", Uuid::new_v4());
    let upper = text.to_uppercase();
    let first = client.call("echo_cached", json!({"text": text})).await?;
    first.ensure(&upper, &json!({"text": upper, "cached": false}))?;
    let second = client.call("echo_cached", json!({"text": text})).await?;
    second.ensure(&format!("[cache] {upper}"), &json!({"text": upper, "cached": true}))
}

/// Repeats a call, as a client does that received no response.
async fn add_twice(client: &McpClient, session: &str) -> Result<(), Mismatch> {
    let arguments = json!({"session_id": session, "note": "once", "idempotency_key": Uuid::new_v4().to_string()});
    let message = format!("Note added to {session}.");
    for replayed in [false, true] {
        let result = client.call("add_note", arguments.clone()).await?;
        result.ensure(&message, &json!({"message": message, "replayed": replayed}))?;
    }
    get_notes(client, session, &["once".to_owned()]).await
}

async fn create_session(client: &McpClient) -> Result<(), Mismatch> {
    let created = client.call("create_session", json!({})).await?;
    let handle = created.structured["session_id"].as_str().unwrap_or_default();
    add_note(client, handle, "under a handle").await?;
    get_notes(client, handle, &["under a handle".to_owned()]).await?;
    client.call("reset_session", json!({"session_id": handle})).await?;
    let mangled = client.call("get_notes", json!({"session_id": &handle[..handle.len().saturating_sub(1)]})).await?;
    if mangled.is_error && mangled.text.contains("create_session") {
        return Ok(());
    }
    Err(Mismatch::new("isError with a text that names create_session", mangled.to_string()))
}

async fn reset_session(client: &McpClient, session: &str) -> Result<(), Mismatch> {
    add_note(client, session, "to be deleted").await?;
    let result = client.call("reset_session", json!({"session_id": session})).await?;
    let message = format!("Deleted 1 notes from {session}.");
    result.ensure(&message, &json!({"deleted": 1, "message": message}))?;
    get_notes(client, session, &[]).await
}

async fn unknown_tool(client: &McpClient) -> Result<(), Mismatch> {
    ensure_equal(&INVALID_PARAMS, &client.call_rejected("no_such_tool", json!({})).await?)
}

async fn missing_argument(client: &McpClient) -> Result<(), Mismatch> {
    let result = client.call("add_note", json!({"session_id": "smoke"})).await?;
    if result.is_error && !result.text.is_empty() {
        return Ok(());
    }
    Err(Mismatch::new("isError with a text", result.to_string()))
}
