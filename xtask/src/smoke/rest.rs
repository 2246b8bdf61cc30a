//! REST checks: the list of tools, the results of the built-in ones, and the status and text of errors.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    runner::Runner,
    sessions::Sessions,
    tools::{self, Tool},
};
use crate::client::{Mismatch, Response, RestClient, send};

/// Quotes, a line break and characters outside ASCII, which a faulty encoder changes.
const NOTE: &str = "over REST: \"quotes\", a \\ and\na line break, grüße, 日本語, 🦀";

/// Checks everything that needs REST alone. Returns the listed tools.
pub(crate) async fn check(runner: &mut Runner, client: &RestClient, sessions: &mut Sessions) -> Vec<Tool> {
    let tools = runner.check("rest: list_tools", list_tools(client)).await.unwrap_or_default();
    if tools::has_built_in(&tools) {
        check_built_in(runner, client, sessions).await;
    }
    runner.check("rest: each tool refuses an argument of another type", refuse_wrong_types(client, &tools)).await;
    runner.check("rest: an unknown tool is 400", unknown_tool(client)).await;
    runner.check("rest: invalid JSON is 400", invalid_json(client)).await;
    runner.check("rest: an unknown path is 404", unknown_path(client)).await;
    tools
}

async fn check_built_in(runner: &mut Runner, client: &RestClient, sessions: &mut Sessions) {
    if runner.check("rest: add_note", add_note(client, &sessions.shared)).await.is_some() {
        sessions.notes.push(NOTE.to_owned());
        runner.check("rest: get_notes", get_notes(client, sessions)).await;
    } else {
        runner.skip("rest: get_notes", "rest: add_note");
    }
    runner.check("rest: echo_cached, the second time from the cache", echo_twice(client)).await;
    runner.check("rest: a missing argument is 400", missing_argument(client)).await;
}

/// Checks that REST reads the notes that were written through MCP, in order.
pub(crate) async fn check_notes_of_mcp(runner: &mut Runner, client: &RestClient, sessions: &Sessions) {
    let name = "rest: get_notes returns the notes of both protocol versions, in order";
    runner.check(name, get_notes(client, sessions)).await;
}

async fn list_tools(client: &RestClient) -> Result<Vec<Tool>, Mismatch> {
    let response = send(client.request(Method::GET, "/mcp/list_tools")).await?;
    response.ensure_status(StatusCode::OK)?;
    let Value::Array(tools) = response.json()? else { return Err(Mismatch::new("an array", response.to_string())) };
    for tool in &tools {
        let fields: Vec<&str> = tool.as_object().into_iter().flat_map(|tool| tool.keys()).map(String::as_str).collect();
        let complete = tool["name"].is_string()
            && tool["description"].is_string()
            && tool["inputSchema"]["type"] == "object"
            && fields.len() == 3;
        if !complete {
            return Err(Mismatch::new("each with name, description and inputSchema", tool.to_string()));
        }
    }
    let name = |tool: &Value| tool["name"].as_str().unwrap_or_default().to_owned();
    let tools = tools.iter().map(|tool| Tool { name: name(tool), input_schema: tool["inputSchema"].clone() });
    let tools: Vec<Tool> = tools.collect();
    tools.iter().try_for_each(Tool::check_schema)?;
    Ok(tools)
}

async fn refuse_wrong_types(client: &RestClient, tools: &[Tool]) -> Result<(), Mismatch> {
    for tool in tools {
        if let Some(arguments) = tool.wrong_arguments() {
            let response = client.call(&tool.name, arguments).await?;
            has_error(&response).map_err(|mismatch| mismatch.of(&tool.name))?;
        }
    }
    Ok(())
}

async fn add_note(client: &RestClient, session: &str) -> Result<(), Mismatch> {
    let response = client.call("add_note", json!({"session_id": session, "note": NOTE})).await?;
    response.ensure(StatusCode::OK, &json!({"result": format!("Note added to {session}.")}))
}

async fn get_notes(client: &RestClient, sessions: &Sessions) -> Result<(), Mismatch> {
    let response = client.call("get_notes", json!({"session_id": sessions.shared})).await?;
    response.ensure(StatusCode::OK, &json!({"result": sessions.notes}))
}

async fn echo_twice(client: &RestClient) -> Result<(), Mismatch> {
    let text = format!("smoke {}", Uuid::new_v4());
    let upper = text.to_uppercase();
    let first = client.call("echo_cached", json!({"text": text})).await?;
    first.ensure(StatusCode::OK, &json!({"result": upper}))?;
    let second = client.call("echo_cached", json!({"text": text})).await?;
    second.ensure(StatusCode::OK, &json!({"result": format!("[cache] {upper}")}))
}

async fn missing_argument(client: &RestClient) -> Result<(), Mismatch> {
    let response = client.call("add_note", json!({"session_id": "smoke"})).await?;
    has_error(&response)
}

async fn unknown_tool(client: &RestClient) -> Result<(), Mismatch> {
    let response = client.call("no_such_tool", json!({})).await?;
    has_error(&response)
}

async fn invalid_json(client: &RestClient) -> Result<(), Mismatch> {
    let response = send(client.request(Method::POST, "/mcp/call_tool").body("{not json")).await?;
    response.ensure(StatusCode::BAD_REQUEST, &json!({"error": "Invalid JSON"}))
}

async fn unknown_path(client: &RestClient) -> Result<(), Mismatch> {
    let response = send(client.request(Method::GET, "/mcp/no_such_path")).await?;
    response.ensure(StatusCode::NOT_FOUND, &json!({"error": "Not found"}))
}

/// Passes if the response is 400 with a text under `error` and nothing else.
fn has_error(response: &Response) -> Result<(), Mismatch> {
    response.ensure_status(StatusCode::BAD_REQUEST)?;
    let body = response.json()?;
    let only_error = body.as_object().is_some_and(|body| body.len() == 1)
        && body["error"].as_str().is_some_and(|text| !text.is_empty());
    if only_error { Ok(()) } else { Err(Mismatch::new(r#"{"error": "<text>"}"#, body.to_string())) }
}
