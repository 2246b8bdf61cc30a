//! Resources and prompts of another crate, over both protocol versions. The program is `examples/own-tools`.

use rmcp::{
    model::{ErrorCode, ErrorData, GetPromptRequestParams, ReadResourceRequestParams},
    service::ServiceError,
};
use serde_json::{Value, json};

use crate::support::{
    fixture::own_tools,
    issuer::{Issuer, Key},
    mcp_client::{Client, ProtocolVersion, connect, connect_as},
    server::{Server, Setup},
};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28];

fn shop() -> Server {
    Setup::new().program(own_tools()).token().start()
}

async fn read(client: &Client, uri: &str) -> Result<Value, ErrorData> {
    match client.read_resource(ReadResourceRequestParams::new(uri)).await {
        Ok(result) => Ok(serde_json::to_value(result.contents).unwrap()),
        Err(ServiceError::McpError(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

async fn prompt(client: &Client, name: &str, arguments: Value) -> Result<Value, ErrorData> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    match client.get_prompt(GetPromptRequestParams::new(name).with_arguments(arguments)).await {
        Ok(result) => Ok(serde_json::to_value(result.messages).unwrap()),
        Err(ServiceError::McpError(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// Sends a message of protocol version 2025-11-25 and returns the response.
async fn post(server: &Server, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let request = server.post("/mcp").header("accept", "application/json, text/event-stream").json(&message);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn resources_are_listed_and_read() {
    let server = shop();
    for version in VERSIONS {
        let client = connect(&server, version).await;
        let resources = serde_json::to_value(client.list_all_resources().await.unwrap()).unwrap();
        assert_eq!(resources, json!([{"uri": "shop://terms", "name": "terms", "mimeType": "text/markdown"}]));
        let templates = serde_json::to_value(client.list_all_resource_templates().await.unwrap()).unwrap();
        assert_eq!(templates[0]["uriTemplate"], "shop://carts/{session_id}");
        assert_eq!(
            read(&client, "shop://terms").await.unwrap(),
            json!([{"uri": "shop://terms", "mimeType": "text/markdown", "text": "# No returns"}])
        );
        let cart = read(&client, "shop://carts/a%20b").await.unwrap();
        assert_eq!(cart[0]["mimeType"], "application/json");
        assert_eq!(
            serde_json::from_str::<Value>(cart[0]["text"].as_str().unwrap()).unwrap(),
            json!({"session": "a b", "principal": "anonymous"})
        );
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn unknown_resource_has_the_code_of_the_version() {
    let server = shop();
    for (version, code) in VERSIONS.into_iter().zip([ErrorCode::RESOURCE_NOT_FOUND, ErrorCode::INVALID_PARAMS]) {
        let client = connect(&server, version).await;
        let error = read(&client, "shop://nothing").await.unwrap_err();
        assert_eq!(error.code, code, "{error:?}");
        assert!(error.message.contains("no resource has the URI shop://nothing"), "{error:?}");
        // A session in a URI is checked like one in an argument.
        let error = read(&client, "shop://carts/mcps_x").await.unwrap_err();
        assert!(error.message.contains("invalid session handle"), "{error:?}");
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn prompts_are_listed_and_filled_in() {
    let server = shop();
    for version in VERSIONS {
        let client = connect(&server, version).await;
        let prompts = serde_json::to_value(client.list_all_prompts().await.unwrap()).unwrap();
        assert_eq!(prompts[0]["arguments"], json!([{"name": "topic", "required": true}]));
        let messages = prompt(&client, "explain", json!({"topic": "tides"})).await.unwrap();
        assert_eq!(messages[0]["content"]["text"], "Explain tides in one sentence.");
        for (name, arguments, text) in [
            ("explain", json!({}), "`topic` is missing; explain requires it as a string"),
            ("explain", json!({"topic": 5}), "`topic` of explain must be a string, not a number"),
            ("nothing", json!({}), "unknown prompt: nothing; use explain"),
        ] {
            let error = prompt(&client, name, arguments).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
            assert!(error.message.contains(text), "{error:?}");
        }
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn capabilities_name_what_is_offered() {
    let hello =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let response = post(&shop(), "initialize", hello.clone()).await;
    assert_eq!(response["result"]["capabilities"], json!({"tools": {}, "resources": {}, "prompts": {}}));
    let plain = Setup::new().token().start();
    let response = post(&plain, "initialize", hello).await;
    assert_eq!(response["result"]["capabilities"], json!({"tools": {}}));
    for method in ["resources/list", "resources/templates/list", "prompts/list"] {
        let error = &post(&plain, method, json!({})).await["error"];
        assert_eq!(error["code"], -32601, "{error}");
        let text = format!("method not found: {method}; this server has tools only, so use tools/list and tools/call");
        assert_eq!(error["message"], text);
    }
}

#[tokio::test]
async fn malformed_request_names_its_field() {
    let server = shop();
    for (method, params, text) in [
        ("resources/read", json!({}), "`params.uri` of resources/read is missing; it must be a string"),
        ("resources/read", json!({"uri": 5}), "`params.uri` of resources/read must be a string, not a number"),
        ("prompts/get", json!({"name": []}), "`params.name` of prompts/get must be a string, not an array"),
        ("resources/list", json!({"cursor": "x"}), "`params.cursor` was not returned by resources/list"),
        ("resources/templates/list", json!({"cursor": "x"}), "was not returned by resources/templates/list"),
        ("prompts/list", json!({"cursor": "x"}), "`params.cursor` was not returned by prompts/list"),
    ] {
        let error = &post(&server, method, params).await["error"];
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains(text), "{method}: {error}");
    }
    let error = &post(&server, "resources/subscribe", json!({"uri": "shop://terms"})).await["error"];
    assert_eq!(error["code"], -32601, "{error}");
    assert!(error["message"].as_str().unwrap().ends_with("this server has tools, resources and prompts"), "{error}");
}

#[tokio::test]
async fn reading_requires_the_read_scope() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().program(own_tools()).start();
    let token = |scope: &str| {
        let mut claims = issuer.claims("alice");
        claims["scope"] = scope.into();
        key.token(&claims)
    };
    let client = connect_as(&server, &token("notes:read"), ProtocolVersion::V2025_11_25).await;
    let cart = read(&client, "shop://carts/ada").await.unwrap();
    assert!(cart[0]["text"].as_str().unwrap().contains("alice"), "{cart}");
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "shop://terms"}});
    for (scope, status) in [("notes:read", 200), ("notes:write", 403)] {
        let request = server.post_as(&token(scope), "/mcp").header("accept", "application/json, text/event-stream");
        assert_eq!(request.json(&message).send().await.unwrap().status(), status, "{scope}");
    }
}
