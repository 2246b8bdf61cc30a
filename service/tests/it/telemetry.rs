//! Logs and metrics, and the secrets that they never contain.

use serde_json::{Value, json};

use crate::support::{
    dynamodb::DynamoDb,
    fresh,
    mcp_client::{ProtocolVersion, connect, tool},
    server::{Server, Setup, TOKEN},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_is_one_log_line_with_its_figures() {
    let mut server = Setup::new().token().start();
    server.call("add_note", json!({"session_id": "s", "note": "n"})).await;
    server.call("add_note", json!({"session_id": "s"})).await;
    let log = server.whole_log();
    let calls: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["message"] == "tool call")
        .collect();
    assert_eq!(calls.len(), 2, "{log}");
    assert_eq!(
        (&calls[0]["tool"], &calls[0]["outcome"], &calls[0]["store_calls"]),
        (&json!("add_note"), &json!("ok"), &json!(2))
    );
    assert_eq!((&calls[1]["outcome"], &calls[1]["store_calls"]), (&json!("invalid"), &json!(0)));
    assert!(calls[0]["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(calls[0]["session"].as_str().unwrap().len(), 8);
}

/// Log filters that request the most detail.
const VERBOSE_FILTERS: [&str; 6] = [
    "trace",
    "info,rmcp::service=trace",
    "info,rmcp::transport=trace,hyper_util::client=trace",
    "info,aws_smithy_runtime::client=trace,aws_sdk_dynamodb=trace,dynoxide::server=trace",
    "info,[tool_call]=trace",
    "info,[{session}]=trace",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_filter_reveals_a_secret() {
    let dynamodb = DynamoDb::with_table().await;
    for setting in VERBOSE_FILTERS {
        log_has_no_secret(Setup::new().token().env("MCP_LOG", setting).start(), setting).await;
        let setup = Setup::new().token().dynamodb(&dynamodb.endpoint).env("MCP_LOG", setting);
        log_has_no_secret(setup.start(), setting).await;
    }
}

async fn log_has_no_secret(mut server: Server, setting: &str) {
    let (session, note) = (fresh("private-session"), fresh("private-note"));
    server.call("add_note", json!({"session_id": session, "note": note})).await;
    server.call("no_such_tool", json!({"session_id": session, "note": note})).await;
    server.post("/mcp").bearer_auth("wrong-token-0123456789").body(note.clone()).send().await.unwrap();
    for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
        let client = connect(&server, version).await;
        tool(&client, "add_note", json!({"session_id": session, "note": note})).await.unwrap();
        tool(&client, "get_notes", json!({"session_id": session})).await.unwrap();
    }
    let log = server.whole_log();
    assert!(log.lines().count() > 5, "{log}");
    for secret in [session.as_str(), note.as_str(), TOKEN, "wrong-token-0123456789"] {
        assert!(!log.contains(secret), "{secret} is in the log at {setting}:\n{log}");
    }
}

#[tokio::test]
async fn long_tool_name_does_not_fill_the_log() {
    let mut server = Setup::new().token().start();
    let name = "n".repeat(900_000);
    let (_, body) = server.call(&name, json!({})).await;
    assert!(body.to_string().len() < 500);
    let rpc = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name}});
    let request = server.post("/mcp").header("accept", "application/json, text/event-stream").json(&rpc);
    assert!(request.send().await.unwrap().text().await.unwrap().len() < 500);
    assert!(server.whole_log().len() < 20_000);
}

#[tokio::test]
async fn metrics_have_a_separate_port() {
    let server = Setup::new().token().env("MCP_REVISION", "abc123").start();
    server.call("echo_cached", json!({"text": "a"})).await;
    server.call("echo_cached", json!({"text": "a"})).await;
    server.call("no_such_tool", json!({})).await;
    let metrics = server.http.get(server.metrics.clone().unwrap()).send().await.unwrap().text().await.unwrap();
    for line in [
        r#"mcp_build_info{version="0.1.0",revision="abc123"} 1"#,
        r#"mcp_tool_calls_total{tool="echo_cached",outcome="ok"} 2"#,
        r#"mcp_cache_total{result="miss"} 1"#,
        r#"mcp_cache_total{result="local_hit"} 1"#,
        r#"mcp_store_calls_total{operation="GetItem",outcome="ok"} 1"#,
        r#"mcp_http_requests_total{status="200"} 2"#,
        r#"mcp_http_requests_total{status="400"} 1"#,
        "# TYPE mcp_tasks gauge",
        "mcp_tool_call_seconds_count{tool=\"echo_cached\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    assert_eq!(server.get("/metrics").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn repeated_call_is_not_a_store_error() {
    let server = Setup::new().token().start();
    for _ in 0..2 {
        server.call("add_note", json!({"session_id": "s", "note": "n", "idempotency_key": "k"})).await;
    }
    let metrics = server.http.get(server.metrics.clone().unwrap()).send().await.unwrap().text().await.unwrap();
    let line = r#"mcp_store_calls_total{operation="TransactWriteItems",outcome="ok"} 2"#;
    assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
}

#[tokio::test]
async fn healthz_reports_the_build() {
    let server = Setup::new().env("MCP_REVISION", "abc123").start();
    let health: Value = server.get("/healthz").send().await.unwrap().json().await.unwrap();
    assert_eq!(health, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "revision": "abc123"}));
}
