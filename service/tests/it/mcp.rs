//! MCP over a real socket: rmcp's client in both protocol versions, and raw requests that no client sends.

use reqwest::{RequestBuilder, header::HeaderValue};
use rmcp::{ErrorData, model::ErrorCode, service::ServiceError};
use serde_json::{Value, json};

use crate::support::{
    fresh,
    mcp_client::{ProtocolVersion, connect, text, tool},
    server::{Server, Setup},
};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28];

#[tokio::test]
async fn clients_negotiate_their_protocol_version() {
    let server = Setup::new().token().start();
    let legacy = connect(&server, ProtocolVersion::V2025_11_25).await;
    let modern = connect(&server, ProtocolVersion::V2026_07_28).await;
    let version =
        |client: &crate::support::mcp_client::Client| client.peer_info().unwrap().protocol_version.to_string();
    assert_eq!((version(&legacy).as_str(), version(&modern).as_str()), ("2025-11-25", "2026-07-28"));
}

#[tokio::test]
async fn tool_list_has_schemas_and_correct_annotations() {
    let server = Setup::new().token().start();
    for version in VERSIONS {
        let tools = connect(&server, version).await.list_all_tools().await.unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(names, ["add_note", "get_notes", "echo_cached", "reset_session", "create_session"]);
        for tool in &tools {
            assert!(tool.output_schema.is_some() && tool.title.is_some() && tool.description.is_some());
            let hints = tool.annotations.as_ref().unwrap();
            assert_eq!(hints.open_world_hint, Some(false));
            assert_eq!(hints.destructive_hint, Some(tool.name == "reset_session"));
            assert_eq!(hints.read_only_hint, Some(tool.name == "get_notes" || tool.name == "echo_cached"));
            let repeatable = tool.name != "add_note" && tool.name != "create_session";
            assert_eq!(hints.idempotent_hint, Some(repeatable));
        }
    }
}

#[tokio::test]
async fn every_tool_returns_text_and_structured_content() {
    let server = Setup::new().token().start();
    for version in VERSIONS {
        let client = connect(&server, version).await;
        let s = fresh("mcp");
        let added = tool(&client, "add_note", json!({"session_id": s, "note": "a \"note\""})).await.unwrap();
        assert_eq!(text(&added), format!("Note added to {s}."));
        let notes = tool(&client, "get_notes", json!({"session_id": s})).await.unwrap();
        assert_eq!(text(&notes), r#"["a \"note\""]"#);
        assert_eq!(notes.structured_content, Some(json!({"notes": ["a \"note\""]})));
        let fresh_echo = tool(&client, "echo_cached", json!({"text": s})).await.unwrap();
        assert_eq!(text(&fresh_echo), s.to_uppercase());
        let cached_echo = tool(&client, "echo_cached", json!({"text": s})).await.unwrap();
        assert_eq!(text(&cached_echo), format!("[cache] {}", s.to_uppercase()));
        assert_eq!(cached_echo.structured_content, Some(json!({"text": s.to_uppercase(), "cached": true})));
        let reset = tool(&client, "reset_session", json!({"session_id": s})).await.unwrap();
        assert_eq!(text(&reset), format!("Deleted 1 notes from {s}."));
        assert_eq!(reset.structured_content.unwrap()["deleted"], 1);
    }
}

#[tokio::test]
async fn cursor_is_in_text_and_structured_content() {
    let server = Setup::new().token().start();
    let client = connect(&server, ProtocolVersion::V2026_07_28).await;
    let s = fresh("cursor");
    for n in 0..3 {
        tool(&client, "add_note", json!({"session_id": s, "note": n.to_string()})).await.unwrap();
    }
    let page = tool(&client, "get_notes", json!({"session_id": s, "limit": 2})).await.unwrap();
    assert_eq!(text(&page), r#"["0","1"]"#);
    let cursor = page.structured_content.unwrap()["nextCursor"].clone();
    assert!(page.content[1].as_text().unwrap().text.contains(cursor.as_str().unwrap()));
    let rest = tool(&client, "get_notes", json!({"session_id": s, "cursor": cursor})).await.unwrap();
    assert_eq!((text(&rest), rest.content.len()), (r#"["2"]"#, 1));
}

#[tokio::test]
async fn invalid_calls_are_protocol_or_tool_errors() {
    let server = Setup::new().token().start();
    for version in VERSIONS {
        let client = connect(&server, version).await;
        let unknown = tool(&client, "no_such_tool", json!({})).await.unwrap_err();
        let ServiceError::McpError(ErrorData { code, message, .. }) = unknown else { panic!("{unknown:?}") };
        assert_eq!(code, ErrorCode::INVALID_PARAMS);
        assert!(message.contains("add_note, get_notes"), "{message}");
        for (arguments, part) in [
            (json!({"session_id": "a"}), "`note` is missing"),
            (json!({"session_id": "", "note": "x"}), "`session_id` is empty"),
            (json!({"session_id": "a", "note": "x".repeat(393_217)}), "the limit is 393216"),
        ] {
            let refused = tool(&client, "add_note", arguments).await.unwrap();
            assert_eq!(refused.is_error, Some(true));
            assert!(text(&refused).contains(part), "{}", text(&refused));
        }
    }
}

#[tokio::test]
async fn apis_and_versions_share_the_state() {
    let server = Setup::new().token().start();
    let s = fresh("shared");
    server.call("add_note", json!({"session_id": s, "note": "rest"})).await;
    for version in VERSIONS {
        let client = connect(&server, version).await;
        tool(&client, "add_note", json!({"session_id": s, "note": format!("{version:?}")})).await.unwrap();
    }
    assert_eq!(server.notes(&s).await, ["rest", "V2025_11_25", "V2026_07_28"]);
}

/// A raw POST to `/mcp`.
fn raw(server: &Server, headers: &[(&str, &str)], body: String) -> RequestBuilder {
    let request = server.post("/mcp").header("content-type", "application/json");
    let request = request.header("accept", "application/json, text/event-stream").body(body);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// Sends a request and returns the response's status and JSON body.
async fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn modern(method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

#[tokio::test]
async fn malformed_message_gets_its_json_rpc_code() {
    let server = Setup::new().token().start();
    for (body, code) in [
        ("{\"jsonrpc\"", -32700),
        ("", -32700),
        ("\u{feff}{}", -32700),
        ("{}", -32600),
        ("3", -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
    ] {
        let (status, error) = send(raw(&server, &[], body.to_owned())).await;
        assert_eq!((status, &error["error"]["code"]), (400, &json!(code)), "{body}: {error}");
        assert!(error["error"]["message"].as_str().unwrap().len() > 20, "{error}");
    }
}

#[tokio::test]
async fn invalid_requests_get_their_version_specific_code() {
    let server = Setup::new().token().start();
    let version = ("mcp-protocol-version", "2026-07-28");
    let call = json!({"name": "get_notes", "arguments": {"session_id": "a"}});
    let legacy = |method: &str, params: &Value| {
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
    };
    for (case, headers, body, status, code) in [
        ("unknown method, legacy", vec![], legacy("no/such", &json!({})), 200, -32601),
        ("unknown method, modern", vec![version, ("mcp-method", "no/such")], modern("no/such", json!({})), 404, -32601),
        ("missing _meta", vec![version, ("mcp-method", "tools/list")], legacy("tools/list", &json!({})), 400, -32602),
        (
            "name contradicts",
            vec![version, ("mcp-method", "tools/call"), ("mcp-name", "add_note")],
            modern("tools/call", call.clone()),
            400,
            -32020,
        ),
        (
            "method contradicts",
            vec![version, ("mcp-method", "tools/list"), ("mcp-name", "get_notes")],
            modern("tools/call", call.clone()),
            400,
            -32020,
        ),
        (
            "version contradicts",
            vec![("mcp-protocol-version", "2025-11-25")],
            modern("tools/list", json!({})),
            400,
            -32020,
        ),
        (
            "version unknown",
            vec![("mcp-protocol-version", "1999-01-01")],
            legacy("tools/list", &json!({})),
            400,
            -32600,
        ),
        ("invalid handshake params", vec![], legacy("initialize", &json!({})), 200, -32602),
        ("removed method", vec![version, ("mcp-method", "initialize")], modern("initialize", json!({})), 404, -32601),
        ("invalid call params", vec![], legacy("tools/call", &json!({"arguments": {}})), 200, -32602),
    ] {
        let (got, error) = send(raw(&server, &headers, body)).await;
        assert_eq!((got, &error["error"]["code"]), (status, &json!(code)), "{case}: {error}");
    }
}

#[tokio::test]
async fn transport_errors_are_json() {
    let server = Setup::new().token().start();
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (accept, kind, status) in
        [("text/html", "application/json", 406), ("application/json, text/event-stream", "text/plain", 415)]
    {
        let request = server.post("/mcp").header("accept", accept).header("content-type", kind).body(ping);
        let (got, error) = send(request).await;
        assert_eq!((got, &error["error"]["code"]), (status, &json!(-32600)), "{error}");
    }
}

#[tokio::test]
async fn there_are_no_protocol_sessions() {
    let server = Setup::new().token().start();
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let response = raw(&server, &[], initialize.to_string()).send().await.unwrap();
    assert!(response.headers().get("mcp-session-id").is_none());
    // The server ignores a session id that a client still sends, and requires no handshake.
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}).to_string();
    let headers = [("mcp-session-id", "of-another-replica"), ("mcp-protocol-version", "2025-06-18")];
    let (status, tools) = send(raw(&server, &headers, list)).await;
    assert_eq!((status, tools["result"]["tools"].as_array().unwrap().len()), (200, 5));
    let delete = server.http.delete(format!("{}/mcp", server.url)).bearer_auth(crate::support::server::TOKEN);
    for request in [server.get("/mcp").header("accept", "text/event-stream"), delete] {
        let refused = request.send().await.unwrap();
        assert_eq!((refused.status().as_u16(), &refused.headers()["allow"]), (405, &HeaderValue::from_static("POST")));
        let error = refused.json::<Value>().await.unwrap()["error"].take();
        assert!(error["code"] == -32600 && error["message"].as_str().unwrap().contains("with POST"), "{error}");
    }
}

#[tokio::test]
async fn tool_list_is_cacheable() {
    let server = Setup::new().token().start();
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    let (_, list) = send(raw(&server, &headers, modern("tools/list", json!({})))).await;
    assert_eq!((&list["result"]["ttlMs"], &list["result"]["cacheScope"]), (&json!(3_600_000), &json!("public")));
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];
    let (_, found) = send(raw(&server, &headers, modern("server/discover", json!({})))).await;
    assert_eq!(
        found["result"]["supportedVersions"],
        json!(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
    );
    assert_eq!(found["result"]["cacheScope"], "public");
}

#[tokio::test]
async fn unsupported_version_negotiates_a_supported_one() {
    let server = Setup::new().token().start();
    let initialize = |version: &str| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}})
        .to_string()
    };
    for (requested, negotiated) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2024-10-07", "2025-11-25"),
        ("2030-01-01", "2025-11-25"),
    ] {
        let (_, body) = send(raw(&server, &[], initialize(requested))).await;
        assert_eq!(body["result"]["protocolVersion"], negotiated, "{body}");
    }
}

#[tokio::test]
async fn handshake_decides_the_version_over_the_header() {
    let server = Setup::new().token().start();
    for (header, requested, expected) in [
        ("2025-03-26", "2025-11-25", Ok("2025-11-25")),
        ("2025-11-25", "2024-11-05", Ok("2024-11-05")),
        ("2025-11-25", "2030-01-01", Ok("2025-11-25")),
        ("2030-01-01", "2030-01-01", Ok("2025-11-25")),
        ("2030-01-01", "2025-11-25", Err(-32600)),
        ("x", "2025-11-25", Err(-32600)),
    ] {
        let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": requested, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
        let headers = [("mcp-protocol-version", header)];
        let (status, body) = send(raw(&server, &headers, initialize.to_string())).await;
        match expected {
            Ok(version) => assert_eq!((status, &body["result"]["protocolVersion"]), (200, &json!(version)), "{body}"),
            Err(code) => {
                assert_eq!((status, &body["error"]["code"], &body["id"]), (400, &json!(code), &json!(1)), "{body}");
                let text = body["error"]["message"].as_str().unwrap();
                assert!(text.contains("supports 2024-11-05, "), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn client_of_2024_11_05_uses_the_tools() {
    let server = Setup::new().token().start();
    let version = [("mcp-protocol-version", "2024-11-05")];
    for headers in [&[][..], &version] {
        let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}).to_string();
        let (status, tools) = send(raw(&server, headers, list)).await;
        assert_eq!((status, tools["result"]["tools"].as_array().unwrap().len()), (200, 5));
        let call = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "echo_cached", "arguments": {"text": "a"}}});
        let (status, result) = send(raw(&server, headers, call.to_string())).await;
        assert_eq!((status, &result["result"]["isError"]), (200, &json!(false)), "{result}");
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        assert_eq!(raw(&server, headers, ready).send().await.unwrap().status(), 202);
    }
}

#[tokio::test]
async fn unknown_cursor_is_invalid() {
    let server = Setup::new().token().start();
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    for cursor in [json!("bogus"), json!(" "), json!(1), json!(["x"])] {
        let params = json!({"cursor": cursor});
        let legacy = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}).to_string();
        for request in [raw(&server, &[], legacy), raw(&server, &headers, modern("tools/list", params.clone()))] {
            let (status, error) = send(request).await;
            assert_eq!((status, &error["error"]["code"]), (200, &json!(-32602)), "{cursor}: {error}");
            assert!(error["error"]["message"].as_str().unwrap().contains("`params.cursor`"), "{error}");
        }
    }
    for params in [json!({}), json!({"cursor": null}), json!({"cursor": ""}), json!(null)] {
        let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}).to_string();
        let (_, tools) = send(raw(&server, &[], list)).await;
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 5, "{params}");
    }
}

#[tokio::test]
async fn unknown_method_is_explained() {
    let server = Setup::new().token().start();
    for (method, params) in [
        ("resources/list", json!({})),
        ("resources/read", json!({"uri": "x"})),
        ("resources/templates/list", json!({})),
        ("resources/subscribe", json!({"uri": "x"})),
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "x"})),
        ("logging/setLevel", json!({"level": "info"})),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": "b"}}),
        ),
        ("tasks/get", json!({"taskId": "x"})),
        ("no/such", json!({})),
    ] {
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method), ("mcp-name", "x")];
        let legacy = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        for (request, status) in
            [(raw(&server, &[], legacy), 200), (raw(&server, &headers, modern(method, params.clone())), 404)]
        {
            let (got, error) = send(request).await;
            assert_eq!((got, &error["error"]["code"]), (status, &json!(-32601)), "{method}: {error}");
            let text = error["error"]["message"].as_str().unwrap();
            assert!(
                text.starts_with(&format!("method not found: {method}; ")) && text.contains("tools/list"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn rejection_names_the_wrong_field() {
    let server = Setup::new().token().start();
    let tail = |text: &str| format!(r#"{{"jsonrpc":"2.0",{text}}}"#);
    for (body, status, code, part) in [
        (tail(r#""id":18446744073709551615,"method":"ping""#), 400, -32600, "`id` 18446744073709551615"),
        (tail(r#""id":1.5,"method":"ping""#), 400, -32600, "`id` must be a string or an integer, not 1.5"),
        (tail(r#""id":null,"method":"ping""#), 400, -32600, "not null"),
        (tail(r#""id":1,"method":"ping","result":1"#), 400, -32600, "either a `method` or a `result`"),
        (tail(r#""id":1,"result":{}"#), 400, -32600, "does not accept JSON-RPC responses"),
        (tail(r#""id":1,"method":7"#), 400, -32600, "`method` must be a string, not a number"),
        (tail(r#""id":1,"method":"tools/call","params":["echo_cached",{"text":"x"}]"#), 200, -32602, "positional"),
        (tail(r#""id":1,"method":"tools/call","params":["echo_cached",{"text":"x"},null]"#), 200, -32602, "positional"),
        (
            tail(r#""id":1,"method":"tools/call","params":{"name":"echo_cached","_meta":"x"}"#),
            200,
            -32602,
            "`params._meta`",
        ),
        (tail(r#""id":1,"method":"tools/call","params":{"name":1}"#), 200, -32602, "`params.name` of tools/call"),
        (
            tail(r#""id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}"#),
            200,
            -32602,
            "`params.capabilities`",
        ),
        (
            r#"["2.0",1,"tools/call",{"name":"echo_cached","arguments":{"text":"x"}}]"#.into(),
            400,
            -32600,
            "must be an object",
        ),
    ] {
        let (got, mut error) = send(raw(&server, &[], body.clone())).await;
        if error.is_array() {
            error = error[0].take();
        }
        assert_eq!((got, &error["error"]["code"]), (status, &json!(code)), "{body}: {error}");
        assert!(error["error"]["message"].as_str().unwrap().contains(part), "{body}: {error}");
    }
    for body in [
        tail(r#""id":1,"method":"ping","result":null"#),
        tail(r#""id":1,"method":"ping","error":null,"params":null"#),
        tail(r#""id":-9223372036854775808,"method":"ping""#),
    ] {
        let (status, response) = send(raw(&server, &[], body)).await;
        assert_eq!((status, &response["result"]), (200, &json!({})), "{response}");
    }
}
