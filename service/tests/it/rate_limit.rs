//! The rate limit of each caller, and failed authentications.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{
    call,
    server::{Server, Setup, TOKEN},
};

/// The named token of alice, and its entry for `MCP_AUTH_TOKENS`.
const ALICE: &str = "alices-token-0123456789";
const ALICE_ENTRY: &str = "alice=e1dc48dd32c1279809be47278c1bf121cd216d2b3507e1afdfe6ea5d9046f2f0";

fn limited(limit: &str) -> Server {
    Setup::new().token().env("MCP_RATE_LIMIT", limit).start()
}

fn rpc(server: &Server, method: &str, params: Value) -> RequestBuilder {
    server.post("/mcp").json(&json!({"jsonrpc": "2.0", "id": "x", "method": method, "params": params}))
}

/// Returns the seconds in a text such as "wait 59 seconds, then …".
fn stated_wait(text: &str) -> u64 {
    text.split("wait ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

async fn exhaust(server: &Server, burst: usize) {
    for _ in 0..burst {
        assert_eq!(server.call("echo_cached", json!({"text": "a"})).await.0, 200);
    }
}

#[tokio::test]
async fn tool_call_over_the_limit_is_a_tool_error() {
    let mut server = limited("1/min,burst=3");
    exhaust(&server, 3).await;
    let echo = || call("echo_cached", json!({"text": "a"}));
    let unusual = json!({"name": "echo_cached", "arguments": {"text": "a"}, "requestState": "s"});
    let modern = |request: RequestBuilder| {
        let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/call");
        request.header("mcp-name", "echo_cached")
    };
    for (request, has_type) in [
        (rpc(&server, "tools/call", echo()), false),
        (rpc(&server, "tools/call", unusual), false),
        (modern(rpc(&server, "tools/call", echo())), true),
        (rpc(&server, "tools/call", echo()).header("accept", "text/event-stream"), false),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let stream = response.headers()["content-type"] == "text/event-stream";
        let body = response.text().await.unwrap();
        let json = if stream { body.strip_prefix("data: ").unwrap() } else { &body };
        let message: Value = serde_json::from_str(json).unwrap();
        let result = &message["result"];
        assert_eq!((&message["id"], &result["isError"]), (&json!("x"), &json!(true)), "{message}");
        assert_eq!(result["resultType"] == "complete", has_type, "{message}");
        assert!((30..=60).contains(&stated_wait(result["content"][0]["text"].as_str().unwrap())), "{message}");
    }
    assert!(server.metrics().await.contains("mcp_rate_limited_total 4"));
    let log = server.whole_log();
    assert_eq!(log.matches("rate limit exceeded").count(), 1, "{log}");
}

#[tokio::test]
async fn other_request_over_the_limit_is_429() {
    let server = limited("1/min,burst=3");
    exhaust(&server, 3).await;
    for request in [
        rpc(&server, "tools/list", json!({})),
        rpc(&server, "ping", json!({})),
        server.post("/mcp").json(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})),
        server.post("/mcp").body("{"),
        server.get("/mcp"),
        server.post("/mcp/call_tool").json(&call("echo_cached", json!({"text": "a"}))),
        server.get("/mcp/list_tools"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 429, "{}", response.url());
        let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        let body: Value = response.json().await.unwrap();
        assert_eq!(stated_wait(body["error"].as_str().unwrap()), wait);
        assert!((30..=60).contains(&wait), "{wait}");
    }
    assert_eq!(server.get("/healthz").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn batch_counts_as_its_messages() {
    let server = limited("1/min,burst=5");
    let batch = |messages: u32| {
        let ping = |id: u32| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        server.post("/mcp").json(&(0..messages).map(ping).collect::<Vec<_>>()).send()
    };
    for (messages, status) in [(3, 200), (3, 429), (2, 200), (1, 429)] {
        assert_eq!(batch(messages).await.unwrap().status(), status, "{messages}");
    }
}

#[tokio::test]
async fn caller_is_served_after_the_stated_wait() {
    let server = limited("1/s,burst=1");
    exhaust(&server, 1).await;
    let refused = server.get("/mcp/list_tools").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    exhaust(&server, 1).await;
}

#[tokio::test]
async fn callers_are_limited_separately() {
    let server =
        Setup::new().token().env("MCP_AUTH_TOKENS", ALICE_ENTRY).env("MCP_RATE_LIMIT", "1/min,burst=2").start();
    for token in [TOKEN, ALICE] {
        for status in [200, 200, 429] {
            let (got, body) = server.call_as(token, "echo_cached", json!({"text": "a"})).await;
            assert_eq!(got, status, "{token}: {body}");
        }
    }
}

#[tokio::test]
async fn failed_authentication_never_affects_a_valid_token() {
    let server = limited("1/min,burst=5");
    for n in 0..300 {
        let (status, _) = server.call_as(&format!("wrong-token-{n:016}"), "echo_cached", json!({"text": "a"})).await;
        // The default permits 100 failures of a client at once.
        assert!(if n < 100 { status == 401 } else { [401, 429].contains(&status) }, "{n}: {status}");
    }
    exhaust(&server, 5).await;
}

#[tokio::test]
async fn default_has_no_limit() {
    let server = Setup::new().token().start();
    exhaust(&server, 300).await;
}
