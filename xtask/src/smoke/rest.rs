//! The REST surface: its tools by value, its errors by status and text.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    TOOLS,
    runner::{Finding, Runner, same},
    sessions::Sessions,
    wire::{Wire, send},
};

/// Quotes, a line break and characters outside ASCII: what a careless encoder changes.
const NOTE: &str = "over REST: \"quotes\", a \\ and\na line break, grüße, 日本語, 🦀";

/// Checks everything that needs nobody else.
pub(crate) async fn check(runner: &mut Runner, wire: &Wire, sessions: &mut Sessions) {
    runner.check("rest: list_tools", list_tools(wire)).await;
    if runner.check("rest: add_note", add_note(wire, &sessions.shared)).await.is_some() {
        sessions.notes.push(NOTE.to_owned());
        runner.check("rest: get_notes", get_notes(wire, sessions)).await;
    } else {
        runner.skip("rest: get_notes", "rest: add_note");
    }
    runner.check("rest: echo_cached, the second time from the cache", echo_twice(wire)).await;
    runner.check("rest: a missing argument is 400", missing_argument(wire)).await;
    runner.check("rest: an unknown tool is 400", unknown_tool(wire)).await;
    runner.check("rest: invalid JSON is 400", invalid_json(wire)).await;
    runner.check("rest: an unknown path is 404", unknown_path(wire)).await;
}

/// Checks that REST reads what the eras wrote, in order.
pub(crate) async fn check_all_eras(runner: &mut Runner, wire: &Wire, sessions: &Sessions) {
    runner.check("rest: get_notes returns the notes of both eras, in order", get_notes(wire, sessions)).await;
}

async fn list_tools(wire: &Wire) -> Result<(), Finding> {
    let answer = send(wire.request(Method::GET, "/mcp/list_tools")).await?;
    answer.has_status(StatusCode::OK)?;
    let Value::Array(tools) = answer.json()? else { return Err(Finding::new("an array", answer.to_string())) };
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap_or_default()).collect();
    same(&TOOLS.to_vec(), &names)?;
    for tool in &tools {
        let fields: Vec<&str> = tool.as_object().into_iter().flat_map(|tool| tool.keys()).map(String::as_str).collect();
        let complete = tool["description"].is_string() && tool["inputSchema"]["type"] == "object" && fields.len() == 3;
        if !complete {
            return Err(Finding::new("each with name, description and inputSchema", tool.to_string()));
        }
    }
    Ok(())
}

async fn add_note(wire: &Wire, session: &str) -> Result<(), Finding> {
    let answer = wire.call("add_note", json!({"session_id": session, "note": NOTE})).await?;
    answer.is(StatusCode::OK, &json!({"result": format!("Note added to {session}.")}))
}

async fn get_notes(wire: &Wire, sessions: &Sessions) -> Result<(), Finding> {
    let answer = wire.call("get_notes", json!({"session_id": sessions.shared})).await?;
    answer.is(StatusCode::OK, &json!({"result": sessions.notes}))
}

async fn echo_twice(wire: &Wire) -> Result<(), Finding> {
    let text = format!("smoke {}", Uuid::new_v4());
    let upper = text.to_uppercase();
    let first = wire.call("echo_cached", json!({"text": text})).await?;
    first.is(StatusCode::OK, &json!({"result": upper}))?;
    let second = wire.call("echo_cached", json!({"text": text})).await?;
    second.is(StatusCode::OK, &json!({"result": format!("[cache] {upper}")}))
}

async fn missing_argument(wire: &Wire) -> Result<(), Finding> {
    let answer = wire.call("add_note", json!({"session_id": "smoke"})).await?;
    has_error(&answer)
}

async fn unknown_tool(wire: &Wire) -> Result<(), Finding> {
    let answer = wire.call("no_such_tool", json!({})).await?;
    has_error(&answer)
}

async fn invalid_json(wire: &Wire) -> Result<(), Finding> {
    let answer = send(wire.request(Method::POST, "/mcp/call_tool").body("{not json")).await?;
    answer.is(StatusCode::BAD_REQUEST, &json!({"error": "Invalid JSON"}))
}

async fn unknown_path(wire: &Wire) -> Result<(), Finding> {
    let answer = send(wire.request(Method::GET, "/mcp/no_such_path")).await?;
    answer.is(StatusCode::NOT_FOUND, &json!({"error": "Not found"}))
}

/// 400 with a text under `error`, and nothing else.
fn has_error(answer: &super::wire::Answer) -> Result<(), Finding> {
    answer.has_status(StatusCode::BAD_REQUEST)?;
    let body = answer.json()?;
    let only_error = body.as_object().is_some_and(|body| body.len() == 1)
        && body["error"].as_str().is_some_and(|text| !text.is_empty());
    if only_error { Ok(()) } else { Err(Finding::new(r#"{"error": "<text>"}"#, body.to_string())) }
}
