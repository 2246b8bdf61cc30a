//! Batches of protocol version 2025-03-26 over HTTP.

use serde_json::{Value, json};

use crate::support::{
    fresh,
    server::{Server, Setup},
};

async fn post(server: &Server, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let request = server.post("/mcp").header("accept", "application/json, text/event-stream");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.json(body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

fn request(id: &Value, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn call(id: &Value, tool: &str, arguments: &Value) -> Value {
    request(id, "tools/call", &json!({"name": tool, "arguments": arguments}))
}

#[tokio::test]
async fn batch_is_served_in_order_with_one_response_each() {
    let server = Setup::new().token().start();
    let session = fresh("batch");
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let batch = json!([
        call(&json!(1), "add_note", &json!({"session_id": session, "note": "one"})),
        notification,
        call(&json!("two"), "get_notes", &json!({"session_id": session, "limit": 5.0})),
        request(&json!(3), "no/such", &json!({})),
        3,
        {"jsonrpc": "2.0", "id": 4, "method": 5},
        request(&json!(6), "initialize", &json!({"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})),
        {"jsonrpc": "2.0", "id": 7, "result": {}},
        request(&json!(8), "ping", &json!({})),
    ]);
    for headers in [&[][..], &[("mcp-protocol-version", "2025-03-26")]] {
        let (status, responses) = post(&server, headers, &batch).await;
        assert_eq!(status, 200, "{responses}");
        let ids: Vec<&Value> = responses.as_array().unwrap().iter().map(|response| &response["id"]).collect();
        assert_eq!(
            ids,
            [&json!(1), &json!("two"), &json!(3), &json!(null), &json!(4), &json!(6), &json!(null), &json!(8)]
        );
        assert_eq!(responses[1]["result"]["structuredContent"]["notes"][0], "one");
        let codes: Vec<&Value> = [2, 3, 4, 5, 6].iter().map(|index| &responses[*index]["error"]["code"]).collect();
        assert_eq!(codes, [-32601, -32600, -32600, -32600, -32600].map(Value::from).iter().collect::<Vec<_>>());
        assert_eq!(responses[7]["result"], json!({}));
    }
    let counted = r#"mcp_tool_calls_total{tool="add_note",outcome="ok"} 2"#;
    assert!(server.metrics().await.contains(counted), "{}", server.metrics().await);
}

#[tokio::test]
async fn invalid_batches_are_rejected() {
    let server = Setup::new().token().start();
    let ping = request(&json!(1), "ping", &json!({}));
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    let many = |count| Value::from(vec![ping.clone(); count]);
    assert_eq!(post(&server, &[], &json!([notification, notification])).await, (202, Value::Null));
    assert_eq!(post(&server, &[], &many(32)).await.0, 200);
    for (body, part) in [(json!([]), "the batch is empty"), (many(33), "33 messages; the limit is 32")] {
        let (status, error) = post(&server, &[], &body).await;
        assert_eq!((status, &error["error"]["code"], &error["id"]), (400, &json!(-32600), &json!(null)), "{error}");
        assert!(error["error"]["message"].as_str().unwrap().contains(part), "{error}");
    }
    for version in ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"] {
        let (status, error) = post(&server, &[("mcp-protocol-version", version)], &json!([ping])).await;
        assert_eq!((status, &error["error"]["code"]), (400, &json!(-32600)), "{version}: {error}");
        assert!(error["error"]["message"].as_str().unwrap().contains("2025-03-26"), "{error}");
    }
    for body in [json!([response, response]), json!([1, [ping], "x"])] {
        let (status, errors) = post(&server, &[], &body).await;
        let errors = errors.as_array().unwrap();
        assert_eq!((status, errors.len()), (400, body.as_array().unwrap().len()));
        assert!(errors.iter().all(|error| error["error"]["code"] == -32600), "{errors:?}");
    }
}

#[tokio::test]
async fn batch_with_large_responses_is_cut() {
    let server = Setup::new().token().start();
    for _ in 0..3 {
        server.call("add_note", json!({"session_id": "big", "note": "x".repeat(390_000)})).await;
    }
    let reads = (0..32).map(|id| call(&json!(id), "get_notes", &json!({"session_id": "big"})));
    let (status, responses) = post(&server, &[], &reads.collect()).await;
    let responses = responses.as_array().unwrap();
    assert_eq!((status, responses.len()), (200, 32));
    let served = responses.iter().filter(|response| response["result"].is_object()).count();
    assert!((1..8).contains(&served), "{served}");
    assert!(responses[served..].iter().all(|response| response["error"]["code"] == -32600));
    assert!(responses[served]["error"]["message"].as_str().unwrap().contains("was not executed"));
}
