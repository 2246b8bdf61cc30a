//! Tools of another crate: `examples/own-tools`, over both protocol versions, REST and stdio.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::support::{
    fixture::own_tools,
    issuer::{Issuer, Key},
    mcp_client::{Client, ProtocolVersion, connect, text, tool},
    server::{Server, Setup, TOKEN},
};

const BUILT_IN: [&str; 5] = ["add_note", "get_notes", "echo_cached", "reset_session", "create_session"];

fn shop() -> Setup {
    Setup::new().program(own_tools())
}

async fn listed(client: &Client) -> Vec<Value> {
    client.list_all_tools().await.unwrap().into_iter().map(|tool| serde_json::to_value(tool).unwrap()).collect()
}

/// Calls a tool over REST and both protocol versions. Checks that all three agree, and returns the structured result or
/// the error's text.
async fn call(server: &Server, name: &'static str, arguments: Value) -> Result<Value, String> {
    let (status, body) = server.call(name, arguments.clone()).await;
    let mut results = vec![match status {
        200 => Ok(body["result"].clone()),
        _ => Err(body["error"].as_str().unwrap().to_owned()),
    }];
    for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
        let client = connect(server, version).await;
        let result = tool(&client, name, arguments.clone()).await.unwrap();
        results.push(match result.is_error {
            Some(true) => Err(text(&result).to_owned()),
            _ => Ok(result.structured_content.unwrap()),
        });
        client.cancel().await.unwrap();
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
    results.swap_remove(0)
}

#[tokio::test]
async fn own_tools_follow_the_built_in_ones() {
    let server = shop().token().start();
    for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
        let client = connect(&server, version).await;
        let tools = listed(&client).await;
        let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names, [&BUILT_IN[..], &["order", "lookup", "inspect", "fail"]].concat());
        client.cancel().await.unwrap();
    }
    let rest: Value = server.get("/mcp/list_tools").send().await.unwrap().json().await.unwrap();
    assert_eq!(rest.as_array().unwrap().len(), 9);
    assert_eq!(rest[5]["name"], "order");
}

#[tokio::test]
async fn definition_is_derived_from_the_type() {
    let server = shop().token().start();
    let client = connect(&server, ProtocolVersion::V2026_07_28).await;
    let tools = listed(&client).await;
    let order = &tools[5];
    assert_eq!((&order["title"], &tools[7]["title"]), (&json!("Order"), &json!("Look around")));
    assert_eq!(
        order["description"],
        "Orders items for a session.\n\nSizes other than small and large are made on request."
    );
    let item = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "sku": {"type": "string"},
            "quantity": {"type": "integer", "minimum": 0, "maximum": u32::MAX},
            "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
            "gift": {"anyOf": [
                {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
                {"type": "null"}
            ]}
        },
        "required": ["sku", "quantity"]
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "session_id": {"type": "string", "minLength": 1, "maxLength": 1024, "description": "The customer's session."},
            "items": {"type": "array", "items": item, "description": "The items, at least one."},
            "discount": {
                "anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "null"}],
                "description": "A discount in percent."
            },
            "remark": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "A remark for the shop."},
            "idempotency_key": {
                "anyOf": [{"type": "string", "maxLength": 255}, {"type": "null"}],
                "default": "",
                "description": "A unique name of this order."
            }
        },
        "required": ["session_id", "items"]
    });
    assert_eq!(order["inputSchema"], expected);
    assert_eq!(order["outputSchema"]["properties"]["total"], json!({"type": "integer", "minimum": 0}));
    let hints = |place: usize| {
        let hints = &tools[place]["annotations"];
        ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"].map(|hint| hints[hint] == true)
    };
    assert_eq!(hints(5), [false, false, false, false], "order adds");
    assert_eq!(hints(6), [true, false, true, true], "lookup reads the outside");
    assert_eq!(hints(7), [false, true, true, false], "inspect writes, and may be repeated");
    assert_eq!(hints(8), [false, true, true, false], "fail deletes");
}

#[tokio::test]
async fn arguments_are_normalized_by_the_schema() {
    let server = shop().token().start();
    let arguments = json!({
        "session_id": "ada", "discount": "", "remark": null, "idempotency_key": "", "unknown": 1,
        "items": [
            {"sku": "a", "quantity": 5.0, "gift": null},
            {"sku": "b", "quantity": 1e1, "size": "large", "gift": {"message": "hello", "unknown": 2}}
        ]
    });
    let expected = json!({
        "session": "ada", "total": 15, "sizes": ["small", "large"], "skus": ["a", "b"], "gifts": ["hello"],
        "discount": null, "remark": null, "keyed": false
    });
    assert_eq!(call(&server, "order", arguments).await, Ok(expected));
    let arguments = json!({
        "session_id": "ada", "items": [{"sku": "", "quantity": 0}], "discount": 0, "remark": "", "idempotency_key": "k"
    });
    let receipt = call(&server, "order", arguments).await.unwrap();
    // An empty text has a meaning for a remark, and so has 0 for a discount.
    assert_eq!((&receipt["remark"], &receipt["discount"], &receipt["keyed"]), (&json!(""), &json!(0), &json!(true)));
}

#[tokio::test]
async fn wrong_argument_is_named_with_its_place() {
    let server = shop().token().start();
    let item = |item: Value| json!({"session_id": "s", "items": [{"sku": "a", "quantity": 1}, item]});
    for (arguments, expected) in [
        (json!({"items": []}), "`session_id` is missing; order requires it as a string"),
        (json!({"session_id": "s", "items": "a"}), "`items` of order must be an array, not a string"),
        (item(json!({"sku": "a", "quantity": 1.5})), "`items[1].quantity` of order must be a whole number from 0 to"),
        (
            item(json!({"sku": "a", "quantity": 5_000_000_000_u64})),
            "`items[1].quantity` of order must be a whole number",
        ),
        (item(json!({"sku": "a"})), "`items[1].quantity` is missing"),
        (
            item(json!({"sku": "a", "quantity": 1, "size": "huge"})),
            "`items[1].size` of order: unknown variant `huge`, expected `small` or `large`",
        ),
        (item(json!({"sku": "a", "quantity": 1, "colour": "red"})), "unknown field `colour`, expected one of `sku`"),
        (item(json!({"sku": "a", "quantity": 1, "gift": {}})), "`items[1].gift.message` is missing"),
        (
            json!({"session_id": " ", "items": []}),
            "`session_id` is blank; pass the handle that create_session returned",
        ),
        (
            json!({"session_id": "mcps_x", "items": []}),
            "invalid session handle in `session_id`: pass the complete value",
        ),
        (
            json!({"session_id": "s", "items": [], "idempotency_key": "k".repeat(256)}),
            "`idempotency_key` has 256 bytes; the limit is 255, so pass a UUID",
        ),
        (json!({"session_id": "s", "items": []}), "`items` is empty; order at least one item"),
    ] {
        let error = call(&server, "order", arguments.clone()).await.unwrap_err();
        assert!(error.contains(expected), "{arguments}: {error}");
    }
}

#[tokio::test]
async fn result_that_is_a_list_is_wrapped_for_mcp() {
    let server = shop().token().start();
    let (status, body) = server.call("lookup", json!({"limit": 1.0})).await;
    assert_eq!((status, body), (200, json!({"result": ["apple"]})));
    let client = connect(&server, ProtocolVersion::V2026_07_28).await;
    let result = tool(&client, "lookup", json!({"limit": ""})).await.unwrap();
    assert_eq!(text(&result), r#"["apple","pear"]"#);
    assert_eq!(result.structured_content, Some(json!({"result": ["apple", "pear"]})));
    let schema = listed(&client).await[6]["outputSchema"].clone();
    assert_eq!(schema["properties"]["result"], json!({"type": "array", "items": {"type": "string"}}));
}

#[tokio::test]
async fn context_describes_the_call() {
    let environment = [("SHOP_SETTING", "blue"), ("SHOP_SECRET", "hunter22")];
    let setup = environment.into_iter().fold(shop().token(), |setup, (name, value)| setup.env(name, value));
    let mut server = setup.env("MCP_REQUEST_TIMEOUT", "7").start();
    let (status, body) = server.call("inspect", json!({})).await;
    let seen = &body["result"];
    assert_eq!(status, 200, "{body}");
    assert_eq!((&seen["tool"], &seen["principal"]), (&json!("inspect"), &json!("anonymous")));
    assert_eq!((&seen["setting"], &seen["secret"]), (&json!("blue"), &json!("Secret(…) 8")));
    assert_eq!(seen["reserved"], Value::Null);
    let left = seen["milliseconds_left"].as_u64().unwrap();
    assert!((5_000..=6_500).contains(&left), "{left} ms");
    let id = seen["id"].as_str().unwrap().to_owned();
    server.call("order", json!({"session_id": "s", "items": [{"sku": "a", "quantity": 1}]})).await;
    let log = server.whole_log();
    let record = log.lines().find(|line| line.contains(&id)).unwrap();
    assert!(record.contains(r#""tool":"inspect""#) && record.contains("tool call"), "{record}");
    let own = log.lines().find(|line| line.contains("order accepted")).unwrap();
    assert!(own.contains(r#""tool":"order""#) && own.contains(r#""session":""#), "{own}");
    assert!(!log.contains("hunter22"));
}

#[tokio::test]
async fn scope_follows_from_the_effect() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().program(own_tools()).start();
    let token = |scope: &str| {
        let mut claims = issuer.claims("alice");
        claims["scope"] = scope.into();
        key.token(&claims)
    };
    let order = json!({"session_id": "s", "items": [{"sku": "a", "quantity": 1}]});
    for (scope, tool, arguments, status) in [
        ("notes:read", "lookup", json!({}), 200),
        ("notes:read", "order", order.clone(), 403),
        ("notes:read", "inspect", json!({}), 403),
        ("notes:read", "fail", json!({"how": "failed"}), 403),
        ("notes:write", "lookup", json!({}), 403),
        ("notes:write", "order", order, 200),
    ] {
        assert_eq!(server.call_as(&token(scope), tool, arguments).await.0, status, "{scope} {tool}");
    }
}

#[tokio::test]
async fn failure_shows_what_its_author_chose() {
    let mut server = shop().token().start();
    let client = connect(&server, ProtocolVersion::V2026_07_28).await;
    for (how, status, text) in [
        ("invalid", 400, "`how` is invalid; pick another"),
        ("failed", 400, "the shop is closed; come back tomorrow"),
        ("internal", 500, "internal error"),
        ("panic", 500, "internal error"),
        ("missing_data", 500, "internal error"),
        ("missing_secret", 500, "internal error"),
    ] {
        let (got, body) = server.call("fail", json!({"how": how})).await;
        assert_eq!(got, status, "{how}: {body}");
        assert!(body["error"].as_str().unwrap().starts_with(text), "{how}: {body}");
        let over_mcp = tool(&client, "fail", json!({"how": how})).await;
        assert_eq!(over_mcp.is_ok(), status == 400, "{how}: {over_mcp:?}");
    }
    let error = tool(&client, "no_such", json!({})).await.unwrap_err().to_string();
    let names = "add_note, get_notes, echo_cached, reset_session, create_session, order, lookup, inspect or fail";
    assert!(error.contains(&format!("unknown tool: no_such; use {names}")), "{error}");
    client.cancel().await.unwrap();
    let metrics = server.metrics().await;
    for (outcome, count) in [("invalid", 2), ("tool_failed", 2), ("internal", 8)] {
        let line = format!("mcp_tool_calls_total{{tool=\"fail\",outcome=\"{outcome}\"}} {count}");
        assert!(metrics.contains(&line), "{line} is missing in {metrics}");
    }
    assert!(metrics.contains("version=\"9.8.7\""), "{metrics}");
    let log = server.whole_log();
    for logged in ["the till is broken", "no value of type u64; pass it to Server::data", "SHOP_MISSING is not set"] {
        assert!(log.contains(logged), "{logged} is missing in {log}");
    }
    assert!(!log.contains("a secret"));
}

#[test]
fn stdio_serves_own_tools_and_stops_on_sigterm() {
    let (mut command, _folder) = shop().arg("--stdio").command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut request = |id: u32, method: &str, params: Value| -> Value {
        writeln!(input, "{}", json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["result"].clone()
    };
    let hello =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let info = request(1, "initialize", hello);
    assert_eq!(
        info["serverInfo"],
        json!({"name": "shop", "title": "Shop", "version": "9.8.7", "description": "Sells things."})
    );
    let instructions = info["instructions"].as_str().unwrap();
    assert!(instructions.contains("Give every add_note, reset_session and order a new UUID"), "{instructions}");
    assert!(instructions.ends_with("Order before noon."), "{instructions}");
    let result = request(2, "tools/call", json!({"name": "lookup", "arguments": {"limit": 1}}));
    assert_eq!(result["structuredContent"], json!({"result": ["apple"]}));
    // The process has a read of standard input pending.
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(std::time::Instant::now() < deadline, "still running");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn built_in_tools_can_be_left_out() {
    let server = shop().env("OWN_TOOLS", "alone").token().start();
    let client = connect(&server, ProtocolVersion::V2025_11_25).await;
    assert_eq!(listed(&client).await.len(), 1);
    let error = tool(&client, "add_note", json!({})).await.unwrap_err().to_string();
    assert!(error.contains("unknown tool: add_note; use order"), "{error}");
    let instructions = client.peer_info().unwrap().instructions.clone().unwrap();
    assert!(instructions.starts_with("Give every order a new UUID"), "{instructions}");
}

fn output(setup: Setup) -> (Option<i32>, String) {
    let (mut command, _folder) = setup.command();
    let output = command.stdin(Stdio::null()).output().unwrap();
    let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), texts.concat())
}

#[test]
fn unregistrable_tool_ends_the_start_with_its_reason() {
    for (selected, reason) in [
        ("duplicate", "two tools are named `order`: own_tools::order::Order and own_tools::fail::AlsoOrder"),
        ("undescribed", "the tool `undescribed` has no description for models; write a doc comment on own_tools::fail"),
        ("unit", "invalid arguments of the tool `unit`: expected a struct with named fields, such as `struct Unit {}`"),
        ("invalid_name", "invalid tool name \"count words\" of own_tools::fail::InvalidName: expected 1 to 64 of A-Z"),
        ("template", "invalid URI template \"shop://{?q}\": expected text with `{name}` or `{+name}`"),
    ] {
        for argument in ["check-config", "--stdio"] {
            let (code, text) = output(shop().env("OWN_TOOLS", selected).arg(argument));
            assert_eq!(code, Some(1), "{selected} {argument}: {text}");
            assert!(text.contains(reason), "{selected} {argument}: {text}");
        }
    }
}

#[test]
fn command_line_has_the_name_of_the_server() {
    let (code, help) = output(shop().arg("--help"));
    assert_eq!(code, Some(0));
    assert!(help.starts_with("Sells things.\n\nWithout a command, serves HTTP"), "{help}");
    assert!(help.contains("OAuth: scope that permits get_notes, echo_cached and lookup"), "{help}");
    assert_eq!(output(shop().arg("--version")), (Some(0), "shop 9.8.7\n".to_owned()));
    assert_eq!(output(shop().arg("check-config")), (Some(0), "shop: the settings are valid\n".to_owned()));
    let (code, error) = output(shop().env("MCP_PORT", "x"));
    assert_eq!(code, Some(2));
    assert!(error.starts_with("shop: invalid configuration:\n--port (MCP_PORT)"), "{error}");
    let (code, token) = output(shop().arg("new-token").arg("ada"));
    assert!(code == Some(0) && token.contains("token of ada"), "{token}");
}

#[tokio::test]
async fn shared_token_protects_own_tools() {
    let server = shop().token().start();
    assert_eq!(server.call_as(TOKEN, "lookup", json!({})).await.0, 200);
    assert_eq!(server.call_as("another-token-0123456789", "lookup", json!({})).await.0, 401);
}
