//! Calls whose client disconnects or cancels: what has not been written is not written, and a write that has begun is
//! stored whole.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    call,
    dynamodb::{DynamoDb, Fault},
    fresh,
    server::{Server, Setup},
};

const PATHS: [&str; 2] = ["/mcp", "/mcp/call_tool"];

/// A server on an endpoint with injectable faults.
async fn start() -> (DynamoDb, Server) {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    (dynamodb, server)
}

/// Sends a call, closes its connection once a fault has struck, and waits until the server has ended the call.
async fn call_and_disconnect(dynamodb: &DynamoDb, server: &Server, path: &str, tool: &str, arguments: &Value) {
    let params = call(tool, arguments.clone());
    let body = match path {
        "/mcp" => json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}),
        _ => params,
    };
    let (struck, ended) = (dynamodb.struck(), cancelled(server, tool).await);
    let request = tokio::spawn(server.post(path).json(&body).send());
    wait_until(async || dynamodb.struck() > struck).await;
    request.abort();
    wait_until(async || cancelled(server, tool).await > ended).await;
    dynamodb.heal();
}

/// Returns the number of cancelled calls of a tool.
async fn cancelled(server: &Server, tool: &str) -> u32 {
    let name = format!(r#"mcp_tool_calls_total{{tool="{tool}",outcome="cancelled"}} "#);
    let metrics = server.metrics().await;
    metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

async fn wait_until(holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "timed out");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_is_not_retried_for_a_gone_client() {
    let (dynamodb, server) = start().await;
    for path in PATHS {
        for operation in ["PutItem", "TransactWriteItems"] {
            let session = fresh("gone");
            let mut note = json!({"session_id": session, "note": "n"});
            if operation == "TransactWriteItems" {
                note["idempotency_key"] = "k".into();
            }
            dynamodb.inject(operation, Fault::Throttle.always());
            call_and_disconnect(&dynamodb, &server, path, "add_note", &note).await;
            // Longer than the longest pause between two attempts.
            tokio::time::sleep(Duration::from_millis(1200)).await;
            assert_eq!(server.notes(&session).await, [""; 0], "{path} {operation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn begun_write_is_stored_once() {
    let (dynamodb, server) = start().await;
    for path in PATHS {
        let session = fresh("begun");
        dynamodb.inject("PutItem", Fault::DoneButSilent.always());
        let note = json!({"session_id": session, "note": "n"});
        call_and_disconnect(&dynamodb, &server, path, "add_note", &note).await;
        assert_eq!(server.notes(&session).await, ["n"], "{path}");

        let keyed = json!({"session_id": session, "note": "keyed", "idempotency_key": "k"});
        dynamodb.inject("TransactWriteItems", Fault::DoneButSilent.always());
        call_and_disconnect(&dynamodb, &server, path, "add_note", &keyed).await;
        let (_, repeated) = server.call("add_note", keyed).await;
        assert_eq!(repeated["replayed"], true, "{path}: {repeated}");
        assert_eq!(server.notes(&session).await, ["n", "keyed"], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_without_a_write_leaves_nothing_behind() {
    let (dynamodb, server) = start().await;
    for path in PATHS {
        for key in [json!(null), json!("k")] {
            let session = fresh("reset");
            server.call("add_note", json!({"session_id": session, "note": "n"})).await;
            let reset = json!({"session_id": session, "idempotency_key": key});
            dynamodb.inject("Query", Fault::DoneButSilent.always());
            call_and_disconnect(&dynamodb, &server, path, "reset_session", &reset).await;
            assert_eq!(server.notes(&session).await, ["n"], "{path} {key}");
            let (_, done) = server.call("reset_session", reset).await;
            assert_eq!(done["result"], format!("Deleted 1 notes from {session}."), "{path}: {done}");
            assert_ne!(done["replayed"], true, "{path}: {done}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellation_over_http_ends_no_call() {
    let (dynamodb, server) = start().await;
    let message = |id: u32, method: &str, params: Value| {
        server.post("/mcp").json(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).send()
    };
    dynamodb.freeze(Duration::from_millis(700));
    let struck = dynamodb.struck();
    let session = fresh("shared-id");
    let running = tokio::spawn(message(7, "tools/call", call("add_note", json!({"session_id": session, "note": "n"}))));
    wait_until(async || dynamodb.struck() > struck).await;
    // Every client numbers its requests from 0 or 1, so the id does not tell whose call is meant.
    let notification =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7, "reason": "r"}});
    assert_eq!(server.post("/mcp").json(&notification).send().await.unwrap().status(), 202);
    let response: Value = running.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(response["result"]["isError"], false, "{response}");
    assert_eq!(server.notes(&session).await, ["n"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellation_over_stdio_ends_the_call() {
    let dynamodb = DynamoDb::with_table().await;
    let (mut command, _folder) = Setup::new().dynamodb(&dynamodb.endpoint).arg("--stdio").command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut messages = output.lines().map_while(Result::ok).map(|line| serde_json::from_str::<Value>(&line).unwrap());
    let mut send = |message: Value| writeln!(input, "{message}").unwrap();
    let hello =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    send(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}));
    send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));

    dynamodb.inject("PutItem", Fault::Throttle.always());
    let note = call("add_note", json!({"session_id": "s", "note": "n"}));
    send(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": note}));
    wait_until(async || dynamodb.struck() > 0).await;
    send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}));
    let ended = log.find(|line| line.contains("tool call")).unwrap();
    assert!(ended.contains(r#""outcome":"cancelled""#), "{ended}");
    dynamodb.heal();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    send(
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call("get_notes", json!({"session_id": "s"}))}),
    );
    let notes = messages.find(|message| message["id"] == 3).unwrap();
    assert_eq!(notes["result"]["structuredContent"], json!({"notes": []}), "{notes}");
    child.kill().unwrap();
    child.wait().unwrap();
}
