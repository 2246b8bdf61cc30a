//! Arguments as clients and models write them, on every path to a tool: MCP with and without the fast path, and REST.

use serde_json::{Value, json};

use crate::support::{
    fresh,
    server::{Server, Setup},
};

/// The ends of the parameters on both paths through MCP. The fast path leaves a member that it does not know to rmcp.
const ENDS: [&str; 2] = ["}", r#","requestState":"s"}"#];

/// Posts a text to a path and returns the response's status and JSON body.
async fn post(server: &Server, path: &str, body: String) -> (u16, Value) {
    let request = server.post(path).header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// Calls a tool on every path with arguments as a text. Returns the error's text, or `None` for a success.
async fn call(server: &Server, tool: &str, arguments: &str) -> Vec<Option<String>> {
    let params = format!(r#"{{"name":"{tool}","arguments":{arguments}"#);
    let mut errors = Vec::new();
    for end in ENDS {
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}{end}}}"#);
        let (status, body) = post(server, "/mcp", body).await;
        assert_eq!((status, &body["id"]), (200, &json!(7)), "{arguments}: {body}");
        let failed = body["result"]["isError"].as_bool().unwrap_or_else(|| panic!("{body}"));
        errors.push(failed.then(|| body["result"]["content"][0]["text"].as_str().unwrap().to_owned()));
    }
    let (status, body) = post(server, "/mcp/call_tool", format!("{params}}}")).await;
    assert_eq!(status == 400, body["error"].is_string(), "{arguments}: {body}");
    errors.push(body["error"].as_str().map(str::to_owned));
    errors
}

#[tokio::test]
async fn integers_are_those_of_json_schema() {
    let server = Setup::new().token().start();
    for limit in ["5", "5.0", "1e1", "10000.0", "1.0E0", "0.5e1"] {
        let errors = call(&server, "get_notes", &format!(r#"{{"session_id":"a","limit":{limit}}}"#)).await;
        assert_eq!(errors, [const { None }; 3], "{limit}");
    }
    for limit in ["5.5", "\"5\"", "-1", "10001", "1e5", "1e300", "true", "[5]", "9007199254740993", "1e-1"] {
        for error in call(&server, "get_notes", &format!(r#"{{"session_id":"a","limit":{limit}}}"#)).await {
            let error = error.unwrap();
            let expected = "`limit` of get_notes must be a whole number from 0 to 10000, not ";
            assert!(error.starts_with(expected), "{limit}: {error}");
        }
    }
}

#[tokio::test]
async fn empty_optional_arguments_are_absent() {
    let server = Setup::new().token().start();
    let session = fresh("empty");
    for (tool, rest) in [
        ("add_note", r#""note":"n","idempotency_key":"""#),
        ("add_note", r#""note":"n","idempotency_key":null"#),
        ("get_notes", r#""cursor":"","limit":0"#),
        ("get_notes", r#""cursor":null,"limit":null"#),
        ("get_notes", r#""limit":"""#),
        ("get_notes", r#""limit":0.0"#),
    ] {
        let errors = call(&server, tool, &format!(r#"{{"session_id":"{session}",{rest}}}"#)).await;
        assert_eq!(errors, [const { None }; 3], "{tool} {rest}");
    }
    // An empty key names no call, so each note was stored.
    assert_eq!(server.notes(&session).await.len(), 6);
    let arguments = format!(r#"{{"session_id":"{session}","idempotency_key":""}}"#);
    assert_eq!(call(&server, "reset_session", &arguments).await, [const { None }; 3]);
    // The empty text is a value where it has a meaning.
    assert_eq!(call(&server, "echo_cached", r#"{"text":""}"#).await, [const { None }; 3]);
    for error in call(&server, "add_note", r#"{"session_id":"","note":""}"#).await {
        assert!(error.unwrap().starts_with("`session_id` is empty"));
    }
}

#[tokio::test]
async fn blank_names_and_control_characters_are_rejected() {
    let server = Setup::new().token().start();
    for (name, part) in [
        ("   ", "is blank"),
        (r"\n", "is blank"),
        (r"\u00a0", "is blank"),
        (r"\u200b", "is blank"),
        (r"\ufeff\u2060", "is blank"),
        (r"demo\n", "U+000A at byte 4"),
        (r"\u0000demo", "U+0000 at byte 0"),
        (r"a\u009fb", "U+009F at byte 1"),
    ] {
        for tool in ["add_note", "get_notes", "reset_session"] {
            for error in call(&server, tool, &format!(r#"{{"session_id":"{name}","note":"n"}}"#)).await {
                let error = error.unwrap();
                assert!(error.starts_with("`session_id` ") && error.contains(part), "{name}: {error}");
            }
        }
    }
    // A space makes another name.
    for name in ["a", "a ", " a", "日本", "a\u{a0}b"] {
        server.call("add_note", json!({"session_id": name, "note": name})).await;
        assert_eq!(server.notes(name).await, [name]);
    }
}

#[tokio::test]
async fn unreadable_argument_is_named() {
    let server = Setup::new().token().start();
    for (arguments, place, part) in [
        (r#"{"session_id":"half","note":"remember \ud83d"}"#, "params.arguments.note", "surrogate"),
        (r#"{"session_id":"half","note":"a\udc00b"}"#, "params.arguments.note", "surrogate"),
        (r#"{"session_id":"half","note":"\udc00\ud83d"}"#, "params.arguments.note", "surrogate"),
        (r#"{"session_id":"\ud83d","note":""}"#, "params.arguments.session_id", "surrogate"),
        (r#"{"session_id":"half","note":"n","more":[0,{"x":"\ud83d"}]}"#, "params.arguments.more[1].x", "surrogate"),
        (r#"{"session_id":"half","note":"n","limit":1e400}"#, "params.arguments.limit", "beyond the range"),
    ] {
        let errors: Vec<String> = call(&server, "add_note", arguments).await.into_iter().map(Option::unwrap).collect();
        assert!(errors[..2].iter().all(|error| error.starts_with(&format!("`{place}` "))), "{errors:?}");
        assert!(errors[2].starts_with(&format!("`{}` ", &place["params.".len()..])), "{errors:?}");
        assert!(errors.iter().all(|error| error.contains(part)), "{errors:?}");
    }
    assert_eq!(server.notes("half").await, [""; 0]);
    // A whole pair is one character.
    assert_eq!(call(&server, "echo_cached", r#"{"text":"\ud83d\ude00"}"#).await, [const { None }; 3]);
}

#[tokio::test]
async fn unreadable_message_gets_its_id_and_place() {
    let server = Setup::new().token().start();
    for (body, status, id, code, part) in [
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"ping","params":{"x":"\ud83d"}}"#,
            200,
            json!("a"),
            -32602,
            "`params.x`",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"\ud83d"}"#, 400, json!(1), -32600, "`method`"),
        (r#"{"jsonrpc":"2.0","id":"\ud83d","method":"ping"}"#, 400, json!(null), -32600, "`id`"),
        (r#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#, 400, json!(null), -32600, "`id`"),
        (r#"{"jsonrpc":"2.0","method":"x","params":{"\ud83d":1}}"#, 400, json!(null), -32602, "`params`"),
    ] {
        let (got, error) = post(&server, "/mcp", body.to_owned()).await;
        assert_eq!((got, &error["id"], &error["error"]["code"]), (status, &id, &json!(code)), "{body}: {error}");
        assert!(error["error"]["message"].as_str().unwrap().contains(part), "{error}");
    }
}

#[tokio::test]
async fn duplicate_keys_are_rejected_before_anything_runs() {
    let server = Setup::new().token().start();
    let session = fresh("twice");
    server.call("add_note", json!({"session_id": session, "note": "kept"})).await;
    let arguments = |rest: &str| format!(r#"{{"session_id":"{session}"{rest}}}"#);
    let (one, other) = (arguments(""), arguments(r#","session_id":"other""#));
    for (params, place) in [
        (format!(r#"{{"name":"get_notes","name":"reset_session","arguments":{one}}}"#), "name"),
        (format!(r#"{{"name":"get_notes","n\u0061me":"reset_session","arguments":{one}}}"#), "name"),
        (format!(r#"{{"name":"reset_session","arguments":{{}},"arguments":{one}}}"#), "arguments"),
        (format!(r#"{{"name":"reset_session","arguments":{other}}}"#), "arguments.session_id"),
        (
            format!(r#"{{"name":"reset_session","arguments":{}}}"#, arguments(r#","x":{"y":[{"z":1,"z":1}]}"#)),
            "arguments.x.y[0].z",
        ),
    ] {
        let (status, error) = post(&server, "/mcp/call_tool", params.clone()).await;
        let text = format!("duplicate key `{place}`: an object must not repeat a key");
        assert_eq!((status, error), (400, json!({"error": text})), "{params}");
        let open = params.strip_suffix('}').unwrap();
        for end in ENDS {
            let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{open}{end}}}"#);
            let (status, error) = post(&server, "/mcp", body).await;
            assert_eq!((status, &error["id"], &error["error"]["code"]), (400, &json!(7), &json!(-32600)), "{error}");
            let text = error["error"]["message"].as_str().unwrap();
            assert!(text.contains(&format!("duplicate key `params.{place}`")), "{text}");
        }
    }
    for (body, id) in [
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, json!(null)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"a":1,"a":1}}}"#, json!(1)),
    ] {
        let (status, error) = post(&server, "/mcp", body.to_owned()).await;
        assert_eq!((status, &error["id"], &error["error"]["code"]), (400, &id, &json!(-32600)), "{body}: {error}");
    }
    assert_eq!(server.notes(&session).await, ["kept"]);
}

#[tokio::test]
async fn schemas_accept_what_the_tools_accept() {
    let server = Setup::new().token().start();
    let tools: Value = server.get("/mcp/list_tools").send().await.unwrap().json().await.unwrap();
    let property = |tool: usize, name: &str| &tools[tool]["inputSchema"]["properties"][name];
    for (tool, name, kind, empty) in [
        (0, "idempotency_key", "string", json!("")),
        (1, "limit", "integer", json!(0)),
        (1, "cursor", "string", json!("")),
        (3, "idempotency_key", "string", json!("")),
    ] {
        let schema = property(tool, name);
        assert_eq!(
            (&schema["anyOf"][0]["type"], &schema["anyOf"][1]),
            (&json!(kind), &json!({"type": "null"})),
            "{name}"
        );
        assert_eq!((&schema["default"], &schema["anyOf"][0]["minLength"]), (&empty, &json!(null)), "{name}");
    }
    assert_eq!(property(1, "limit")["anyOf"][0]["minimum"], 0);
    assert_eq!(
        (&property(0, "session_id")["minLength"], &property(0, "session_id")["maxLength"]),
        (&json!(1), &json!(1024))
    );
}

#[tokio::test]
async fn described_limits_can_be_reached() {
    let server = Setup::new().token().start();
    // Each text is the longest in JSON that its limit allows: a control character takes six bytes.
    for (tool, arguments) in [
        (
            "add_note",
            json!({"session_id": "s".repeat(1024), "note": "\u{1}".repeat(393_216), "idempotency_key": "\u{1}".repeat(255)}),
        ),
        ("add_note", json!({"session_id": "日".repeat(341), "note": "é".repeat(196_608)})),
        ("echo_cached", json!({"text": "\u{1}".repeat(65_536)})),
        ("echo_cached", json!({"text": "ΐ".repeat(32_768)})),
        ("get_notes", json!({"session_id": "s".repeat(1024), "limit": 10_000})),
        ("reset_session", json!({"session_id": "s".repeat(1024), "idempotency_key": "é".repeat(127)})),
    ] {
        let (status, body) = server.call(tool, arguments).await;
        assert_eq!(status, 200, "{tool}: {}", &body.to_string()[..200.min(body.to_string().len())]);
    }
}
