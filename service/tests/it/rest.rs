//! The REST API, compared byte by byte with the contract of the v1 (Python) server.

use serde_json::{Value, json};

use crate::support::{fresh, server::Setup};

/// Sends a request and returns the response's status, content type and body.
async fn send(request: reqwest::RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

fn json_response(status: u16, body: &str) -> (u16, String, String) {
    (status, "application/json".into(), body.into())
}

#[tokio::test]
async fn responses_match_the_v1_contract() {
    let server = Setup::new().start();
    let call = |body: String| send(server.post("/mcp/call_tool").header("content-type", "application/json").body(body));
    let s = fresh("rest");
    assert_eq!(send(server.get("/mcp/health")).await, json_response(200, r#"{"status":"ok"}"#));
    for (body, status, response) in [
        (
            format!(r#"{{"name":"add_note","arguments":{{"session_id":"{s}","note":"one"}}}}"#),
            200,
            format!(r#"{{"result":"Note added to {s}."}}"#),
        ),
        (
            format!(r#"{{"name":"add_note","arguments":{{"session_id":"{s}","note":"ünï \"two\"\n"}}}}"#),
            200,
            format!(r#"{{"result":"Note added to {s}."}}"#),
        ),
        (
            format!(r#"{{"name":"get_notes","arguments":{{"session_id":"{s}"}}}}"#),
            200,
            r#"{"result":["one","ünï \"two\"\n"]}"#.into(),
        ),
        (
            format!(r#"{{"name":"reset_session","arguments":{{"session_id":"{s}"}}}}"#),
            200,
            format!(r#"{{"result":"Deleted 2 notes from {s}."}}"#),
        ),
        (format!(r#"{{"name":"get_notes","arguments":{{"session_id":"{s}"}}}}"#), 200, r#"{"result":[]}"#.into()),
        (
            format!(r#"{{"name":"echo_cached","arguments":{{"text":"{s} straße"}}}}"#),
            200,
            format!(r#"{{"result":"{} STRASSE"}}"#, s.to_uppercase()),
        ),
        (
            format!(r#"{{"name":"echo_cached","arguments":{{"text":"{s} straße"}}}}"#),
            200,
            format!(r#"{{"result":"[cache] {} STRASSE"}}"#, s.to_uppercase()),
        ),
        (r#"{"name":"echo_cached","arguments":{"text":""}}"#.into(), 200, r#"{"result":""}"#.into()),
        (r#"{"name":"echo_cached","arguments":{"text":""}}"#.into(), 200, r#"{"result":"[cache] "}"#.into()),
        ("{".into(), 400, r#"{"error":"Invalid JSON"}"#.into()),
        (String::new(), 400, r#"{"error":"Invalid JSON"}"#.into()),
    ] {
        assert_eq!(call(body.clone()).await, json_response(status, &response), "{body}");
    }
}

#[tokio::test]
async fn other_path_or_method_is_404() {
    let server = Setup::new().token().start();
    let not_found = json_response(404, r#"{"error":"Not found"}"#);
    // Also without a token: an unknown path needs no authentication.
    for path in ["/", "/mcp//", "/mcp/other", "/admin"] {
        assert_eq!(send(server.http.get(format!("{}{path}", server.url))).await, not_found, "{path}");
    }
    assert_eq!(send(server.get("/mcp/call_tool")).await, not_found);
    assert_eq!(send(server.post("/mcp/health")).await, not_found);
}

#[tokio::test]
async fn tool_list_is_a_bare_array_in_v1_order() {
    let server = Setup::new().start();
    let tools: Value = server.get("/mcp/list_tools").send().await.unwrap().json().await.unwrap();
    let tools = tools.as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["add_note", "get_notes", "echo_cached", "reset_session", "create_session"]);
    for tool in tools {
        let keys: Vec<&String> = tool.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["description", "inputSchema", "name"]);
    }
    assert_eq!(tools[0]["inputSchema"]["required"], json!(["session_id", "note"]));
}

#[tokio::test]
async fn invalid_calls_get_actionable_errors() {
    let server = Setup::new().start();
    let long = "x".repeat(1025);
    let note = "x".repeat(393_217);
    for (tool, arguments, part) in [
        ("no_such_tool", json!({}), "unknown tool: no_such_tool"),
        ("add_note", json!({}), "`session_id` is missing"),
        ("add_note", Value::Null, "`session_id` is missing"),
        ("add_note", json!({"session_id": "a"}), "`note` is missing"),
        ("add_note", json!({"session_id": "a", "note": 7}), "must be a string, not 7"),
        ("add_note", json!({"session_id": "", "note": "x"}), "`session_id` is empty"),
        ("add_note", json!({"session_id": long, "note": "x"}), "the limit is 1024"),
        ("add_note", json!({"session_id": "a", "note": note}), "the limit is 393216"),
        ("get_notes", json!({"session_id": "a", "limit": 10_001}), "a whole number from 0 to 10000, not 10001"),
        ("get_notes", json!({"session_id": "a", "limit": "5"}), "a whole number from 0 to 10000, not a string"),
        ("get_notes", json!({"session_id": "a", "cursor": "nonsense"}), "invalid `cursor`"),
        ("echo_cached", json!({"text": "x".repeat(65_537)}), "the limit is 65536"),
    ] {
        let (status, body) = server.call(tool, arguments).await;
        assert_eq!(status, 400, "{body}");
        assert!(body["error"].as_str().unwrap().contains(part), "{part} is missing in {body}");
    }
    for body in [json!([]), json!("x"), json!({}), json!({"name": "add_note", "arguments": []})] {
        assert_eq!(server.post("/mcp/call_tool").json(&body).send().await.unwrap().status(), 400, "{body}");
    }
}

#[tokio::test]
async fn longest_note_of_longest_session_is_stored() {
    let server = Setup::new().start();
    let (session, note) = ("s".repeat(1024), "\u{1}".repeat(393_216));
    let (status, body) = server.call("add_note", json!({"session_id": session, "note": note})).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(server.notes(&session).await, [note]);
}

#[tokio::test]
async fn oversize_result_is_paged_with_a_cursor() {
    let server = Setup::new().arg("--max-answer-bytes").arg("1024").start();
    let session = fresh("paged");
    for n in 0..10 {
        server.call("add_note", json!({"session_id": session, "note": n.to_string().repeat(300)})).await;
    }
    let (mut notes, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..10 {
        let (status, body) = server.call("get_notes", json!({"session_id": session, "cursor": cursor})).await;
        assert_eq!(status, 200, "{body}");
        notes.extend(body["result"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()[..1].to_owned()));
        cursor = body["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(notes.concat(), "0123456789");
    let (_, body) = server.call("get_notes", json!({"session_id": session, "limit": 2})).await;
    assert_eq!(body["result"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn empty_notes_count_towards_the_size_limit() {
    let server = Setup::new().arg("--max-answer-bytes").arg("1024").start();
    for _ in 0..400 {
        server.call("add_note", json!({"session_id": "empty", "note": ""})).await;
    }
    let (_, body) = server.call("get_notes", json!({"session_id": "empty"})).await;
    assert!(body["result"].as_array().unwrap().len() < 400 && body["nextCursor"].is_string());
    let (_, body) = server.call("get_notes", json!({"session_id": "empty", "limit": 2})).await;
    assert_eq!(body["result"].as_array().unwrap().len(), 2);
}
