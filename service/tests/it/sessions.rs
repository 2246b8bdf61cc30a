//! Session handles as clients use them: creation, lifetime and actionable errors.

use std::time::{Duration, Instant};

use rmcp::model::CallToolResult;
use serde_json::{Value, json};

use crate::support::{
    dynamodb::DynamoDb,
    fresh,
    mcp_client::{ProtocolVersion, connect, text, tool},
    server::{Server, Setup},
};

async fn create(server: &Server) -> String {
    let (status, body) = server.call("create_session", json!({})).await;
    assert_eq!(status, 200, "{body}");
    body["result"].as_str().unwrap().to_owned()
}

async fn get_notes_error(server: &Server, session: &str) -> String {
    let (status, body) = server.call("get_notes", json!({"session_id": session})).await;
    assert_eq!(status, 400, "{body}");
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn handle_lifetime_is_in_description_and_result() {
    let server = Setup::new().token().arg("--session-ttl").arg("7200").start();
    for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
        let client = connect(&server, version).await;
        let tools = client.list_all_tools().await.unwrap();
        let description = tools.iter().find(|tool| tool.name == "create_session").unwrap().description.clone().unwrap();
        assert!(description.contains("2 hours"), "{description}");

        let created: CallToolResult = tool(&client, "create_session", json!({})).await.unwrap();
        let result = created.structured_content.clone().unwrap();
        let handle = result["session_id"].as_str().unwrap();
        let end = result["expiresAt"].as_str().unwrap();
        assert!(text(&created).contains(handle) && text(&created).contains(end), "{}", text(&created));
        let now = mcp_stateful::clock::epoch_seconds();
        let possible: Vec<String> = (now + 7195..=now + 7200).map(mcp_stateful::clock::rfc3339).collect();
        assert!(possible.iter().any(|at| at == end), "{end} is not in {possible:?}");

        tool(&client, "add_note", json!({"session_id": handle, "note": "one"})).await.unwrap();
        let notes = tool(&client, "get_notes", json!({"session_id": handle})).await.unwrap();
        assert_eq!(notes.structured_content, Some(json!({"notes": ["one"]})));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handle_needs_no_request_and_works_at_every_replica() {
    let dynamodb = DynamoDb::with_table().await;
    let one = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let other = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let before = dynamodb.requests();
    let handle = create(&one).await;
    assert_eq!(dynamodb.requests(), before, "create_session sent a request to the table");
    for session in [handle.clone(), fresh("name")] {
        let before = dynamodb.requests();
        other.call("add_note", json!({"session_id": session, "note": "n"})).await;
        let added = dynamodb.requests();
        assert_eq!(one.notes(&session).await, ["n"]);
        assert_eq!((added - before, dynamodb.requests() - added), (2, 1), "add_note and get_notes");
    }
}

#[tokio::test]
async fn expired_session_is_hidden_then_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let server = Setup::new().state_path(&path).arg("--session-ttl").arg("4").start();
    let (handle, name) = (create(&server).await, fresh("kept"));
    let minted = Instant::now();
    for session in [&handle, &name] {
        let note = json!({"session_id": session, "note": "n", "idempotency_key": "k"});
        assert_eq!(server.call("add_note", note).await.0, 200);
    }
    // Expiry is in whole seconds, so a lifetime of 4 s lasts between 3 s and 4 s.
    while minted.elapsed() < Duration::from_secs(4) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (tool, arguments) in [
        ("get_notes", json!({"session_id": handle})),
        ("add_note", json!({"session_id": handle, "note": "late"})),
        ("add_note", json!({"session_id": handle, "note": "n", "idempotency_key": "k"})),
        ("reset_session", json!({"session_id": handle})),
    ] {
        let (status, body) = server.call(tool, arguments).await;
        let error = body["error"].as_str().unwrap();
        assert_eq!(status, 400);
        assert!(error.starts_with("the session expired at 20") && error.contains("call create_session"), "{error}");
    }
    assert_eq!(server.notes(&name).await, ["n"]);
    drop(server);
    // The embedded store deletes expired items when it is opened and then every minute. An item that expires in the
    // current second stays until the next run, so the pause lets that second pass.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let server = Setup::new().state_path(&path).start();
    let deadline = Instant::now() + Duration::from_secs(20);
    while items(&path, &handle) > 0 {
        assert!(Instant::now() < deadline, "the session's items are still stored");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(items(&path, &name), 3, "the note, record and session item of the named session");
    drop(server);
}

#[tokio::test]
async fn invalid_handle_gets_an_actionable_error() {
    let server = Setup::new().start();
    let handle = create(&server).await;
    let swapped = {
        let mut bytes = handle.clone().into_bytes();
        bytes.swap(10, 11);
        if bytes == handle.as_bytes() {
            bytes[10] = if bytes[10] == b'x' { b'y' } else { b'x' };
        }
        String::from_utf8(bytes).unwrap()
    };
    for mangled in [&handle[..40], &swapped, "mcps_", "mcps_demo", &format!("{handle}x"), &format!("{handle} ")] {
        let error = get_notes_error(&server, mangled).await;
        assert!(
            error.contains("invalid session handle") && error.contains("call create_session"),
            "{mangled}: {error}"
        );
        assert!(!error.contains(&handle), "{error}");
    }
}

#[tokio::test]
async fn session_ttl_is_validated_at_start() {
    for bad in ["0", "30d", "315360001"] {
        let (mut command, _folder) = Setup::new().arg("--session-ttl").arg(bad).command();
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("--session-ttl (MCP_SESSION_TTL)"), "{stderr}");
    }
}

/// Returns the number of the session's items in the store's file, read as another process would read it.
fn items(path: &std::path::Path, session: &str) -> u64 {
    let engine = mcp_stateful::store::embedded::Engine::open(path).unwrap();
    let query = json!({
        "TableName": "mcp_state",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": format!("SESSION#{session}")}},
    });
    let response = engine.dispatch("Query", &query.to_string()).unwrap();
    serde_json::from_str::<Value>(&response).unwrap()["Count"].as_u64().unwrap()
}
