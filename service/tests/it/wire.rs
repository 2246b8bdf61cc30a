//! Requests as clients and proxies write them: Accept, Host, codings of the body, and the path.

use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    call,
    server::{Server, Setup, TOKEN},
};

/// A response to a hand-written request.
struct Raw {
    status: u16,
    head: String,
    body: String,
}

/// Sends a request with `first` as its first line and headers, and adds the token and the body's length.
async fn send(server: &Server, first: &str, body: &str) -> Raw {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    let length = body.len();
    let head =
        format!("{first}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nConnection: close");
    let length =
        if first.contains("Transfer-Encoding") { String::new() } else { format!("\r\nContent-Length: {length}") };
    stream.write_all(format!("{head}{length}\r\n\r\n{body}").as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Raw { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn rpc(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string()
}

/// One message for rmcp, one for the fast path, one error.
fn messages() -> [String; 3] {
    let initialize =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    [
        rpc("initialize", initialize),
        rpc("tools/call", call("echo_cached", json!({"text": "a\nb"}))),
        rpc("no/such", json!({})),
    ]
}

#[tokio::test]
async fn satisfiable_accept_is_served_as_json() {
    let server = Setup::new().token().start();
    for accept in [
        "",
        "Accept:\r\n",
        "Accept: */*\r\n",
        "Accept: application/json\r\n",
        "Accept: application/*\r\n",
        "Accept: APPLICATION/JSON; charset=utf-8\r\n",
        "Accept: text/html, application/json;q=0.1\r\n",
        "Accept: text/event-stream\r\nAccept: application/json;q=0.5\r\n",
        "Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\n",
    ] {
        for path in ["/mcp", "/mcp/"] {
            for message in messages() {
                let first = format!("POST {path} HTTP/1.1\r\n{accept}Host: localhost");
                let response = send(&server, &first, &message).await;
                assert_eq!(response.status, 200, "{accept:?} {}", response.body);
                assert!(response.head.contains("content-type: application/json"), "{accept:?} {}", response.head);
                assert_eq!(serde_json::from_str::<Value>(&response.body).unwrap()["id"], 7);
            }
        }
    }
}

#[tokio::test]
async fn event_stream_alone_gets_one_event() {
    let server = Setup::new().token().start();
    for accept in ["text/event-stream", "text/*", "application/json;q=0, */*;q=0.1"] {
        let first = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}");
        for message in messages() {
            let response = send(&server, &first("/mcp"), &message).await;
            assert_eq!(response.status, 200, "{accept} {}", response.body);
            assert!(response.head.contains("content-type: text/event-stream"), "{}", response.head);
            let data = response.body.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
            assert!(!data.contains('\n'), "{data}");
            assert_eq!(serde_json::from_str::<Value>(data).unwrap()["id"], 7);
        }
        let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        let accepted = send(&server, &first("/mcp"), &notification).await;
        assert_eq!((accepted.status, accepted.body.as_str()), (202, ""), "{accept}");
    }
}

#[tokio::test]
async fn unsatisfiable_accept_is_406_at_mcp_only() {
    let server = Setup::new().token().start();
    for accept in ["text/html", "application/json;q=0", "*/*;q=0", "application/json;q=0.000, text/event-stream; Q=0"] {
        let headers = format!("HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}");
        for path in ["/mcp", "/mcp/"] {
            for message in messages() {
                let refused = send(&server, &format!("POST {path} {headers}"), &message).await;
                assert_eq!(refused.status, 406, "{accept}");
                assert_eq!(serde_json::from_str::<Value>(&refused.body).unwrap()["error"]["code"], -32600);
            }
            for method in ["GET", "DELETE", "PUT"] {
                let refused = send(&server, &format!("{method} {path} {headers}"), "").await;
                assert_eq!((refused.status, refused.head.contains("allow: post")), (405, true), "{method} {path}");
            }
        }
        let echo = call("echo_cached", json!({"text": "a"})).to_string();
        assert_eq!(send(&server, &format!("POST /mcp/call_tool {headers}"), &echo).await.status, 200, "{accept}");
        assert_eq!(send(&server, &format!("GET /mcp/list_tools {headers}"), "").await.status, 200, "{accept}");
    }
}

#[tokio::test]
async fn absolute_target_replaces_host() {
    let server = Setup::new().token().start();
    for (target, host, status) in [
        ("http://localhost:3333/mcp", "rebound.example", 200),
        ("http://app.localhost./mcp/", "rebound.example", 200),
        ("HTTP://127.0.0.1/mcp", "127.0.0.1", 200),
        ("http://rebound.example/mcp", "localhost", 403),
        ("http://localhost@rebound.example/mcp", "localhost", 403),
        ("http://rebound.example:80@localhost/mcp", "localhost", 403),
    ] {
        let first = format!("POST {target} HTTP/1.1\r\nHost: {host}");
        assert_eq!(send(&server, &first, &rpc("ping", json!({}))).await.status, status, "{target}");
    }
    for first in ["POST http://localhost/mcp HTTP/1.1", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nHost: localhost"] {
        assert_eq!(send(&server, first, &rpc("ping", json!({}))).await.status, 400, "{first}");
    }
}

#[tokio::test]
async fn every_loopback_name_is_served() {
    let server = Setup::new().token().start();
    let ping = rpc("ping", json!({}));
    for (host, served) in [
        ("localhost.", true),
        ("LOCALHOST.:3333", true),
        ("app.localhost", true),
        ("a.b.localhost.:1", true),
        ("localhost..", false),
        (".localhost", false),
        ("localhost.example", false),
        ("app.localhost.example.", false),
    ] {
        let by_host = send(&server, &format!("POST /mcp HTTP/1.1\r\nHost: {host}"), &ping).await;
        let origin = format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: http://{host}");
        let by_origin = send(&server, &origin, &ping).await;
        let expected = if served { 200 } else { 403 };
        assert_eq!((by_host.status, by_origin.status), (expected, expected), "{host}");
        assert!(served || by_host.body.contains("MCP_ALLOWED_HOSTS"), "{}", by_host.body);
        assert!(served || by_origin.body.contains("MCP_ALLOWED_ORIGINS"), "{}", by_origin.body);
    }
}

#[tokio::test]
async fn listed_host_is_served_with_a_root_dot() {
    let server = Setup::new().token().env("MCP_ALLOWED_HOSTS", "mcp.example.com, other.example.com.:8443").start();
    for (host, status) in [
        ("mcp.example.com", 200),
        ("MCP.example.com.:3333", 200),
        ("other.example.com:8443", 200),
        ("other.example.com", 403),
        ("mcp.example.com..", 403),
        ("localhost", 403),
    ] {
        let first = format!("GET /mcp/list_tools HTTP/1.1\r\nHost: {host}");
        assert_eq!(send(&server, &first, "").await.status, status, "{host}");
    }
}

#[tokio::test]
async fn encoded_body_is_415() {
    let server = Setup::new().token().start();
    let bodies =
        [("/mcp", rpc("ping", json!({}))), ("/mcp/call_tool", call("echo_cached", json!({"text": "a"})).to_string())];
    for (path, body) in &bodies {
        for (coding, status) in [
            ("gzip", 415),
            ("br", 415),
            ("identity, deflate", 415),
            ("identity\r\nContent-Encoding: zstd", 415),
            ("identity", 200),
            ("", 200),
        ] {
            let first = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: {coding}");
            let response = send(&server, &first, body).await;
            assert_eq!(response.status, status, "{path} {coding:?} {}", response.body);
            let named = response.head.contains("accept-encoding: identity");
            assert_eq!(named, status == 415, "{}", response.head);
            let error = serde_json::from_str::<Value>(&response.body).unwrap()["error"].take();
            let text = error["message"].as_str().or(error.as_str()).unwrap_or_default();
            assert_eq!(text.contains("Content-Encoding"), status == 415, "{path} {}", response.body);
        }
    }
}

#[tokio::test]
async fn unknown_transfer_coding_is_501() {
    let server = Setup::new().token().start();
    let body = rpc("ping", json!({}));
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (coding, status) in [
        ("chunked", 200),
        ("Chunked", 200),
        (", chunked", 200),
        ("gzip, chunked", 501),
        ("identity, chunked", 501),
        ("x;a=1, chunked", 501),
        ("x\r\nTransfer-Encoding: chunked", 501),
        ("chunked, chunked", 400),
        ("chunked, x", 400),
        ("x", 400),
    ] {
        let first = format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {coding}");
        assert_eq!(send(&server, &first, &chunked).await.status, status, "{coding:?}");
    }
}

/// Words of libraries, of their build and of this machine.
const INTERNAL: [&str; 13] = [
    "cargo", "feature", "rmcp", "serde", "hyper", "axum", "sqlite", "sql ", "dynoxide", "database", "src/", ".rs",
    "/tmp",
];

#[tokio::test]
async fn response_discloses_nothing_internal() {
    let folder = tempdir().unwrap();
    let server = Setup::new().token().state_path(&folder.path().join("notes.db")).start();
    server.call("add_note", json!({"session_id": "s", "note": "n"})).await;
    // The engine fails from here on.
    for file in ["notes.db", "notes.db-wal"] {
        std::fs::write(folder.path().join(file), "overwritten").unwrap();
    }
    let notes = call("get_notes", json!({"session_id": "s"}));
    let note = call("add_note", json!({"session_id": "s", "note": "n", "idempotency_key": "k"}));
    let deep = "[".repeat(500);
    let version = "MCP-Protocol-Version: 2026-07-28";
    for (first, body) in [
        ("POST /mcp", rpc("tools/call", notes.clone())),
        ("POST /mcp", rpc("tools/call", note.clone())),
        ("POST /mcp", rpc("tools/call", call("no/such", json!({})))),
        ("POST /mcp", rpc("tools/call", json!({"name": 1, "arguments": []}))),
        ("POST /mcp", rpc("initialize", json!({"protocolVersion": []}))),
        ("POST /mcp", rpc("tools/list", json!([]))),
        ("POST /mcp", "{\"jsonrpc\": \"2.0\", \"id\": 1.5}".to_owned()),
        ("POST /mcp", "{\"a\": \"\\ud800\"}".to_owned()),
        ("POST /mcp", deep.clone()),
        ("POST /mcp", String::new()),
        ("PUT /mcp", String::new()),
        ("POST /mcp/call_tool", notes.to_string()),
        ("POST /mcp/call_tool", note.to_string()),
        ("POST /mcp/call_tool", call("create_session", json!({})).to_string()),
        ("POST /mcp/call_tool", deep),
        ("GET /readyz", String::new()),
        ("GET /.well-known/oauth-protected-resource", String::new()),
    ] {
        for header in ["Accept: */*", version, "MCP-Protocol-Version: x", "Accept: text/html"] {
            let response = send(&server, &format!("{first} HTTP/1.1\r\nHost: localhost\r\n{header}"), &body).await;
            let text = format!("{}\n{}", response.head, response.body).to_lowercase();
            let disclosed = INTERNAL.iter().find(|word| text.contains(**word));
            assert_eq!(disclosed, None, "{first} {body}: {text}");
        }
    }
}
