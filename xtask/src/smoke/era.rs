//! One era of MCP, spoken by a real client: what it negotiates, every tool by text and structured content, and its errors.

mod client;

use serde_json::json;
use uuid::Uuid;

use self::client::Client;
use super::{
    TOOLS,
    runner::{Finding, Runner, same},
    sessions::Sessions,
    target::Target,
};

/// A way to speak MCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// Opened with `initialize`.
    Handshake,
    /// Every request stands alone.
    Stateless,
}

/// Both, in the order of their age.
pub const ERAS: [Era; 2] = [Era::Handshake, Era::Stateless];

/// `JSON-RPC` code for parameters that do not fit; MCP uses it for unknown tools.
const INVALID_PARAMS: i32 = -32602;

impl Era {
    /// The revision that both sides must settle on.
    pub fn revision(self) -> &'static str {
        match self {
            Self::Handshake => "2025-11-25",
            Self::Stateless => "2026-07-28",
        }
    }
}

/// Checks one era.
pub(crate) async fn check(runner: &mut Runner, target: &Target, era: Era, sessions: &mut Sessions) {
    let name = |what: &str| format!("mcp {}: {what}", era.revision());
    let connected = runner.check(name("connect"), connect(target, era)).await;
    let Some(client) = connected else {
        for what in [
            "list tools",
            "get_notes reads what others wrote",
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
        .check(name("get_notes reads what others wrote"), get_notes(&client, &sessions.shared, &sessions.notes))
        .await;
    let note = format!("over MCP {}", era.revision());
    if runner.check(name("add_note"), add_note(&client, &sessions.shared, &note)).await.is_some() {
        sessions.notes.push(note);
        runner.check(name("get_notes"), get_notes(&client, &sessions.shared, &sessions.notes)).await;
    } else {
        runner.skip(name("get_notes"), &name("add_note"));
    }
    runner.check(name("echo_cached, the second time from the cache"), echo_twice(&client)).await;
    let keyed = sessions.of_era(&format!("{}-keyed", era.revision()));
    runner.check(name("add_note under a key, repeated, is one note"), add_twice(&client, &keyed)).await;
    runner.check(name("reset_session"), reset(&client, &sessions.of_era(era.revision()))).await;
    runner.check(name("create_session, and its handle mangled"), create_session(&client)).await;
    runner.check(name("an unknown tool is -32602"), unknown_tool(&client)).await;
    runner.check(name("a missing argument is a tool error"), missing_argument(&client)).await;
    client.close().await;
}

async fn connect(target: &Target, era: Era) -> Result<Client, Finding> {
    let client = Client::connect(target, era).await?;
    same(&Some(era.revision().to_owned()), &client.revision())?;
    Ok(client)
}

async fn list_tools(client: &Client) -> Result<(), Finding> {
    let tools = client.tools().await?;
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let mut expected = TOOLS.to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    same(&expected, &names)?;
    match tools.iter().find(|tool| tool.output_schema.is_none() || tool.description.is_none()) {
        Some(tool) => {
            Err(Finding::new("an output schema and a description for each tool", format!("not for {}", tool.name)))
        }
        None => Ok(()),
    }
}

async fn add_note(client: &Client, session: &str, note: &str) -> Result<(), Finding> {
    let answer = client.call("add_note", json!({"session_id": session, "note": note})).await?;
    let message = format!("Note added to {session}.");
    answer.is(&message, &json!({"message": message}))
}

async fn get_notes(client: &Client, session: &str, notes: &[String]) -> Result<(), Finding> {
    let answer = client.call("get_notes", json!({"session_id": session})).await?;
    // The text is a JSON array; how it is spaced is the service's own affair.
    let text: Vec<String> = serde_json::from_str(&answer.text)
        .map_err(|_| Finding::new("a JSON array of notes as text", answer.text.clone()))?;
    same(&notes.to_vec(), &text)?;
    same(&json!({"notes": notes}), &answer.structured)
}

async fn echo_twice(client: &Client) -> Result<(), Finding> {
    let text = format!("smoke {}", Uuid::new_v4());
    let upper = text.to_uppercase();
    let first = client.call("echo_cached", json!({"text": text})).await?;
    first.is(&upper, &json!({"text": upper, "cached": false}))?;
    let second = client.call("echo_cached", json!({"text": text})).await?;
    second.is(&format!("[cache] {upper}"), &json!({"text": upper, "cached": true}))
}

/// As a client repeats a call whose answer it did not get.
async fn add_twice(client: &Client, session: &str) -> Result<(), Finding> {
    let arguments = json!({"session_id": session, "note": "once", "idempotency_key": Uuid::new_v4().to_string()});
    let message = format!("Note added to {session}.");
    for replayed in [false, true] {
        let answer = client.call("add_note", arguments.clone()).await?;
        answer.is(&message, &json!({"message": message, "replayed": replayed}))?;
    }
    get_notes(client, session, &["once".to_owned()]).await
}

async fn create_session(client: &Client) -> Result<(), Finding> {
    let created = client.call("create_session", json!({})).await?;
    let handle = created.structured["session_id"].as_str().unwrap_or_default();
    add_note(client, handle, "under a handle").await?;
    get_notes(client, handle, &["under a handle".to_owned()]).await?;
    client.call("reset_session", json!({"session_id": handle})).await?;
    let mangled = client.call("get_notes", json!({"session_id": &handle[..handle.len().saturating_sub(1)]})).await?;
    if mangled.is_error && mangled.text.contains("create_session") {
        return Ok(());
    }
    Err(Finding::new("isError with a text that names create_session", mangled.to_string()))
}

async fn reset(client: &Client, session: &str) -> Result<(), Finding> {
    add_note(client, session, "to be deleted").await?;
    let answer = client.call("reset_session", json!({"session_id": session})).await?;
    let message = format!("Deleted 1 notes from {session}.");
    answer.is(&message, &json!({"deleted": 1, "message": message}))?;
    get_notes(client, session, &[]).await
}

async fn unknown_tool(client: &Client) -> Result<(), Finding> {
    same(&INVALID_PARAMS, &client.refused("no_such_tool", json!({})).await?)
}

async fn missing_argument(client: &Client) -> Result<(), Finding> {
    let answer = client.call("add_note", json!({"session_id": "smoke"})).await?;
    if answer.is_error && !answer.text.is_empty() {
        return Ok(());
    }
    Err(Finding::new("isError with a text that helps", answer.to_string()))
}
