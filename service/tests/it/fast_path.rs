//! Equality of the MCP fast path's responses with those of rmcp.

use serde_json::{Value, json};

use crate::support::{
    fresh,
    server::{Server, Setup},
};

const MODERN: [(&str, &str); 2] = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call")];

/// The status, content type and body of a response.
type Response = (u16, Option<String>, Value);

async fn send(server: &Server, headers: &[(&str, &str)], body: &Value) -> Response {
    let request = headers.iter().fold(server.post("/mcp"), |request, (name, value)| request.header(*name, *value));
    let response = request.json(body).send().await.unwrap();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (response.status().as_u16(), kind, response.json().await.unwrap())
}

fn calls(session: &str) -> Vec<Value> {
    let arguments = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    vec![
        arguments("add_note", json!({"session_id": session, "note": "ä \u{1F980} \"q\""})),
        arguments("add_note", json!({"session_id": session, "note": "n", "idempotency_key": "k"})),
        arguments("add_note", json!({"session_id": session})),
        arguments("add_note", json!({"session_id": "mcps_forged", "note": "n"})),
        arguments("get_notes", json!({"session_id": fresh("empty")})),
        arguments("get_notes", json!({"session_id": session, "limit": 1})),
        arguments("get_notes", json!({"session_id": session, "cursor": "forged"})),
        arguments("echo_cached", json!({"text": "warm"})),
        arguments("echo_cached", json!({"text": 1, "more": [null]})),
        arguments("reset_session", json!({"session_id": fresh("none")})),
        arguments("no_such_tool", json!({})),
        arguments("echo_cached", json!(null)),
        json!({"name": "echo_cached"}),
        json!({"name": "echo_cached", "arguments": []}),
        json!({"name": 1}),
        json!({"name": "echo_cached", "arguments": {"text": "warm"}, "requestState": "s"}),
        json!({"name": "echo_cached", "arguments": {"text": "warm"}, "_meta": {"progressToken": 1}}),
    ]
}

#[tokio::test]
async fn fast_path_response_equals_rmcp_response() {
    let folder = tempfile::tempdir().unwrap();
    let server = || Setup::new().token().state_path(&folder.path().join("notes.db"));
    let (server, rmcp) = (server().env("MCP_FAST_PATHS", "on").start(), server().env("MCP_FAST_PATHS", "off").start());
    let session = fresh("direct");
    // Sets up the state first, so that no call changes the response of a later one.
    for note in [json!({"note": "n", "idempotency_key": "k"}), json!({"note": "m"})] {
        let mut arguments = note;
        arguments["session_id"] = session.as_str().into();
        server.call("add_note", arguments).await;
    }
    server.call("echo_cached", json!({"text": "warm"})).await;
    for (n, params) in calls(&session).into_iter().enumerate() {
        let ids = [json!(7), json!(-1), json!("seven"), json!(1.5), json!(null)];
        for id in if n == 0 { &ids[..] } else { &ids[..1] } {
            let legacy = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
            let mut modern = legacy.clone();
            for (key, value) in [
                ("protocolVersion", json!("2026-07-28")),
                ("clientInfo", json!({"name": "test", "version": "1"})),
                ("clientCapabilities", json!({"elicitation": {}})),
            ] {
                modern["params"]["_meta"][format!("io.modelcontextprotocol/{key}")] = value;
            }
            let name = params["name"].as_str().unwrap_or("none").to_owned();
            let modern_headers = [MODERN[0], MODERN[1], ("mcp-name", name.as_str())];
            for (headers, body) in [
                (&modern_headers[..], &modern),
                (&modern_headers[..], &legacy),
                (&modern_headers[..2], &modern),
                (&[][..], &modern),
                (&[][..], &legacy),
                (&[("mcp-protocol-version", "2025-03-26")][..], &legacy),
                (&[("mcp-protocol-version", "2025-11-25")][..], &legacy),
                (&[("mcp-protocol-version", "2025-11-25")][..], &modern),
                (&[("mcp-protocol-version", "2024-11-05")][..], &legacy),
                (&[("mcp-protocol-version", "1999-01-01")][..], &legacy),
            ] {
                let (fast, slow) = (send(&server, headers, body).await, send(&rmcp, headers, body).await);
                assert_eq!(fast, slow, "{headers:?} {body}");
            }
        }
    }
}
