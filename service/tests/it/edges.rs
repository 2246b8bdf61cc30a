//! Access, size and time limits of both APIs.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    call,
    dynamodb::{DynamoDb, Fault},
    server::{Server, Setup, TOKEN},
};

/// Sends a hand-written request that no client library sends. Returns the response's first line and its full text.
async fn send_raw(server: &Server, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut response)).await.expect("no response").ok();
    let response = String::from_utf8_lossy(&response).into_owned();
    (response.lines().next().unwrap_or_default().to_owned(), response)
}

const GUARDED: [(&str, &str); 3] = [("POST", "/mcp"), ("POST", "/mcp/call_tool"), ("GET", "/mcp/list_tools")];

#[tokio::test]
async fn without_a_token_only_health_responds() {
    let server = Setup::new().token().start();
    for (method, path) in GUARDED {
        let request = || server.http.request(method.parse().unwrap(), format!("{}{path}", server.url));
        for (request, challenge) in [
            (request(), r#"Bearer realm="mcp-stateful""#),
            (request().bearer_auth("wrong-token-0123456789"), r#"Bearer realm="mcp-stateful", error="invalid_token""#),
            (request().header("authorization", format!("Basic {TOKEN}")), r#"Bearer realm="mcp-stateful""#),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401, "{method} {path}");
            assert_eq!(response.headers()["www-authenticate"], challenge);
        }
    }
    for path in ["/healthz", "/readyz", "/mcp/health"] {
        assert_eq!(server.http.get(format!("{}{path}", server.url)).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn foreign_origin_or_host_is_rejected_by_both_apis() {
    let server = Setup::new().token().start();
    for (method, path) in GUARDED {
        let request =
            || server.http.request(method.parse().unwrap(), format!("{}{path}", server.url)).bearer_auth(TOKEN);
        assert_eq!(request().header("origin", "https://evil.example").send().await.unwrap().status(), 403, "{path}");
        assert_eq!(request().header("origin", "null").send().await.unwrap().status(), 403, "{path}");
        assert_eq!(request().header("host", "rebound.example:3333").send().await.unwrap().status(), 403, "{path}");
        let local = request().header("origin", "http://localhost:6274").send().await.unwrap();
        assert_ne!(local.status(), 403, "{path}");
        assert_eq!(local.headers()["access-control-allow-origin"], "http://localhost:6274");
    }
}

#[tokio::test]
async fn listed_origin_passes_preflight() {
    let server = Setup::new().token().env("MCP_ALLOWED_ORIGINS", "https://app.example.com").start();
    let preflight = |path: &str, origin: &str| {
        let request = server.http.request(reqwest::Method::OPTIONS, format!("{}{path}", server.url));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,mcp-protocol-version").send()
    };
    for (_, path) in GUARDED {
        let allowed = preflight(path, "https://app.example.com").await.unwrap();
        assert_eq!(allowed.status(), 200, "{path}");
        assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example.com");
        assert_eq!(allowed.headers()["access-control-allow-headers"], "authorization,mcp-protocol-version");
        assert_eq!(preflight(path, "http://localhost:3000").await.unwrap().status(), 403, "{path}");
    }
}

#[tokio::test]
async fn oversize_body_is_413() {
    let server = Setup::new().token().arg("--max-body-bytes").arg("2048").start();
    for path in ["/mcp", "/mcp/call_tool"] {
        let (declared, _) = send_raw(
            &server,
            &format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 999999999\r\n\r\n"),
        )
        .await;
        assert_eq!(declared, "HTTP/1.1 413 Payload Too Large", "{path}");
        let chunk = "x".repeat(3000);
        let (chunked, _) = send_raw(
            &server,
            &format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n{chunk}\r\n0\r\n\r\n"),
        )
        .await;
        assert_eq!(chunked, "HTTP/1.1 413 Payload Too Large", "{path}");
    }
}

#[tokio::test]
async fn slow_body_is_408_and_slow_head_is_closed() {
    let server = Setup::new().token().arg("--body-timeout").arg("1").start();
    for path in ["/mcp", "/mcp/call_tool"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{"
        );
        assert_eq!(send_raw(&server, &request).await.0, "HTTP/1.1 408 Request Timeout", "{path}");
    }
    let (_, response) = send_raw(&server, "POST /mcp HTTP/1.1\r\nHost: local").await;
    assert!(response.is_empty() || response.starts_with("HTTP/1.1 408"), "{response}");
}

#[tokio::test]
async fn missing_host_is_rejected() {
    let server = Setup::new().start();
    let (status, _) = send_raw(&server, "GET /mcp/list_tools HTTP/1.0\r\n\r\n").await;
    assert!(status.ends_with("403 Forbidden"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_503_with_retry_after() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).arg("--max-concurrency").arg("2").start();
    dynamodb.inject("Query", Fault::DoneButSilent.times(2));
    let (body, before) = (call("get_notes", json!({"session_id": "a"})), dynamodb.requests());
    let in_flight: Vec<_> = (0..2).map(|_| tokio::spawn(server.post("/mcp/call_tool").json(&body).send())).collect();
    while dynamodb.requests() < before + 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for path in ["/mcp/call_tool", "/mcp"] {
        let refused = server.post(path).json(&body).send().await.unwrap();
        assert_eq!(refused.status(), 503, "{path}");
        assert_eq!(refused.headers()["retry-after"], "1");
    }
    assert_eq!(server.get("/healthz").send().await.unwrap().status(), 200);
    for held in in_flight {
        // Each held request loses one attempt to the missing response. Its retry succeeds.
        assert_eq!(held.await.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_ends_with_its_request() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).arg("--max-concurrency").arg("1").start();
    dynamodb.inject("Query", Fault::DoneButSilent.always());
    let rpc = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call("get_notes", json!({"session_id": "a"}))});
    let calls = [("/mcp", rpc), ("/mcp/call_tool", call("get_notes", json!({"session_id": "a"})))];
    for (n, (path, body)) in (1..).zip(calls) {
        let struck = dynamodb.struck();
        let request = server.post(path).header("accept", "application/json, text/event-stream").json(&body);
        let request = tokio::spawn(request.send());
        // The second request is admitted because the first has released its permit by then.
        wait_until(async || dynamodb.struck() > struck, &server).await;
        request.abort();
        let cancelled = format!(r#"mcp_tool_calls_total{{tool="get_notes",outcome="cancelled"}} {n}"#);
        wait_until(async || server.metrics().await.contains(&cancelled), &server).await;
    }
}

/// Waits until a condition holds. Panics after 30 s.
async fn wait_until(holds: impl AsyncFn() -> bool, server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "{}\n{}", server.metrics().await, server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_response_is_dropped() {
    let server = Setup::new().token().arg("--body-timeout").arg("1").arg("--max-answer-bytes").arg("67108864").start();
    for _ in 0..60 {
        server.call("add_note", json!({"session_id": "a", "note": "x".repeat(390_000)})).await;
    }
    let body = call("get_notes", json!({"session_id": "a"})).to_string();
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!("Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}", body.len());
    stream.write_all(format!("POST /mcp/call_tool HTTP/1.1\r\n{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    // Waits for the response to begin. `readable` may return before its first byte.
    stream.peek(&mut [0]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut response = Vec::new();
    let read =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut response)).await.expect("still open");
    assert!(
        read.is_err() || response.len() < 60 * 390_000,
        "{} bytes were kept for a client that did not read",
        response.len()
    );
}
