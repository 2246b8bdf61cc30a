//! MCP checks of one protocol version: what it negotiates, the list of tools, text and structured content of the
//! built-in ones, and errors.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    runner::Runner,
    sessions::Sessions,
    target::Target,
    tools::{self, TOOLS, Tool},
};
use crate::client::{INVALID_PARAMS, McpClient, Mismatch, ProtocolVersion, ensure_equal};

/// Runs every check of one protocol version.
///
/// `tools` are those that REST lists.
pub(crate) async fn check(
    runner: &mut Runner,
    target: &Target,
    version: ProtocolVersion,
    tools: &[Tool],
    sessions: &mut Sessions,
) {
    let name = |what: &str| format!("mcp {version}: {what}");
    let built_in = tools::has_built_in(tools);
    let connected = runner.check(name("connect"), connect(target, version)).await;
    let Some(client) = connected else {
        let skipped = GENERIC.iter().chain(built_in.then_some(&BUILT_IN).into_iter().flatten());
        skipped.for_each(|what| runner.skip(name(what), &name("connect")));
        return;
    };
    let [list, wrong_type, unknown] = GENERIC;
    runner.check(name(list), list_tools(&client, tools)).await;
    if built_in {
        check_built_in(runner, &client, version, sessions).await;
    }
    runner.check(name(wrong_type), refuse_wrong_types(&client, tools)).await;
    runner.check(name(unknown), unknown_tool(&client)).await;
    client.close().await;
}

/// The checks that every server passes.
const GENERIC: [&str; 3] = ["list tools", "each tool refuses an argument of another type", "an unknown tool is -32602"];

/// The checks of the built-in tools, in their order.
const BUILT_IN: [&str; 8] = [
    "get_notes reads notes of other clients",
    "add_note",
    "get_notes",
    "echo_cached, the second time from the cache",
    "add_note under a key, repeated, is one note",
    "reset_session",
    "create_session, and its handle mangled",
    "a missing argument is a tool error",
];

async fn check_built_in(runner: &mut Runner, client: &McpClient, version: ProtocolVersion, sessions: &mut Sessions) {
    let name = |what: &str| format!("mcp {version}: {what}");
    let [foreign, add, get, echo, keyed, reset, create, missing] = BUILT_IN;
    runner.check(name(foreign), get_notes(client, &sessions.shared, &sessions.notes)).await;
    let note = format!("over MCP {version}");
    if runner.check(name(add), add_note(client, &sessions.shared, &note)).await.is_some() {
        sessions.notes.push(note);
        runner.check(name(get), get_notes(client, &sessions.shared, &sessions.notes)).await;
    } else {
        runner.skip(name(get), &name(add));
    }
    runner.check(name(echo), echo_twice(client)).await;
    let session = sessions.add(version, "keyed");
    runner.check(name(keyed), add_twice(client, &session)).await;
    let session = sessions.add(version, "reset");
    runner.check(name(reset), reset_session(client, &session)).await;
    runner.check(name(create), create_session(client)).await;
    runner.check(name(missing), missing_argument(client)).await;
}

async fn connect(target: &Target, version: ProtocolVersion) -> Result<McpClient, Mismatch> {
    let client = McpClient::connect(target.url(), target.token(), version).await?;
    ensure_equal(&Some(version.to_string()), &client.protocol_version())?;
    Ok(client)
}

/// Checks that MCP lists the tools that REST lists. The built-in ones have a description and an output schema.
async fn list_tools(client: &McpClient, expected: &[Tool]) -> Result<(), Mismatch> {
    let tools = client.tools().await?;
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let mut expected: Vec<&str> = expected.iter().map(|tool| tool.name.as_str()).collect();
    names.sort_unstable();
    expected.sort_unstable();
    ensure_equal(&expected, &names)?;
    for tool in &tools {
        let (name, input_schema) = (tool.name.to_string(), Value::Object(tool.input_schema.as_ref().clone()));
        let is_built_in = TOOLS.contains(&name.as_str());
        Tool { name, input_schema }.check_schema()?;
        if is_built_in && (tool.output_schema.is_none() || tool.description.is_none()) {
            let expected = "an output schema and a description for each built-in tool";
            return Err(Mismatch::new(expected, format!("not for {}", tool.name)));
        }
    }
    Ok(())
}

async fn refuse_wrong_types(client: &McpClient, tools: &[Tool]) -> Result<(), Mismatch> {
    for tool in tools {
        if let Some(arguments) = tool.wrong_arguments() {
            let refused = client.ensure_refused(&tool.name, arguments).await;
            refused.map_err(|mismatch| mismatch.of(&tool.name))?;
        }
    }
    Ok(())
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
