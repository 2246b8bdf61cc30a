//! Tools with state over a socket, as clients call them.

use axum::{Router, extract::Request};
use clap::Parser;
use mcp_stateful::{app::App, cli::Cli, config::Config, tools::catalog::Catalog};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{fresh_session, tools::ALL};
use crate::support::call;

/// Serves the tools of these tests on a store in memory. Returns the address.
async fn serve() -> String {
    let (config, _) = Config::parse(&Cli::parse_from(["test", "--state-path", ":memory:"]).flags).unwrap();
    let app = App::with_catalog(&config, Catalog::new(&config.limits, ALL).unwrap()).await.unwrap();
    let router = Router::new().fallback(move |request: Request| {
        let app = app.clone();
        async move { app.respond(request).await }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyed_call_over_a_socket_is_replayed() {
    let (url, session) = (serve().await, fresh_session());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |tool: &str, arguments: Value| {
        let request = client.post(format!("{url}/mcp/call_tool")).json(&call(tool, arguments));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let add = json!({"session_id": session, "sku": "tea", "idempotency_key": "k"});
    assert_eq!(post("add_item", add.clone()).await, (200, json!({"result": {"quantity": 1, "replayed": false}})));
    assert_eq!(post("add_item", add).await, (200, json!({"result": {"quantity": 1, "replayed": true}})));
    let (status, reused) = post("add_item", json!({"session_id": session, "sku": "x", "idempotency_key": "k"})).await;
    assert_eq!(status, 400);
    assert!(reused["error"].as_str().unwrap().contains("was used in this session for another call"), "{reused}");
    let (_, cart) = post("show_cart", json!({"session_id": session})).await;
    assert_eq!(cart, json!({"result": {"total": 1, "counted": 1, "history": ["tea"]}}));
}
