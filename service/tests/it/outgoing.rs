//! Requests of tools: permitted and forbidden addresses. The tool is `fetch` of `examples/own-tools`.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    response::{IntoResponse, Redirect},
    routing::get,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    fixture::own_tools,
    server::{Server, Setup},
};

fn start(selected: &str) -> Server {
    Setup::new().program(own_tools()).token().env("OWN_TOOLS", selected).env("MCP_REQUEST_TIMEOUT", "3").start()
}

/// Serves a text, redirects, an error and a response that never comes, on loopback.
async fn service() -> SocketAddr {
    let routes = Router::new()
        .route("/", get(async || "hello"))
        .route("/to-metadata", get(async || Redirect::temporary("http://169.254.169.254/latest/meta-data")))
        .route("/to-self", get(async || Redirect::temporary("/to-self")))
        .route("/to-hello", get(async || Redirect::temporary("/")))
        .route("/error", get(async || http::StatusCode::SERVICE_UNAVAILABLE.into_response()))
        .route("/silent", get(async || tokio::time::sleep(Duration::from_secs(60)).await));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = hyper_util::service::TowerToHyperService::new(routes.clone());
            let stream = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
        }
    });
    address
}

async fn fetch(server: &Server, url: &str, private: bool) -> Result<String, String> {
    let (status, body) = server.call("fetch", json!({"url": url, "private": private})).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if status == 200 { Ok(text(&body["result"])) } else { Err(text(&body["error"])) }
}

#[tokio::test]
async fn private_addresses_are_forbidden() {
    let (server, port) = (start("fetch"), service().await.port());
    for (url, reason) in [
        (format!("http://127.0.0.1:{port}/"), "requests to 127.0.0.1 are forbidden, which is a loopback address"),
        // A name, which only the connection's resolver knows the address of.
        (format!("http://localhost:{port}/"), "are forbidden, which is a loopback address; use a public one"),
        (format!("http://[::ffff:7f00:1]:{port}/"), "which is a loopback address"),
        (format!("http://{}:{port}/", u32::from_be_bytes([127, 0, 0, 1])), "requests to 127.0.0.1 are forbidden"),
        ("http://169.254.170.2/v2/credentials".to_owned(), "which is a link-local address"),
        ("http://[fd00:ec2::254]/latest".to_owned(), "which is a link-local address"),
        ("http://10.0.0.1/".to_owned(), "which is a private address"),
        ("http://100.64.0.1/".to_owned(), "which is a private address"),
        ("file:///etc/passwd".to_owned(), "URLs with `file:` are forbidden; use https or http"),
        ("no url".to_owned(), "invalid URL: "),
    ] {
        let error = fetch(&server, &url, false).await.unwrap_err();
        assert!(error.contains(reason), "{url}: {error}");
    }
}

#[tokio::test]
async fn tool_can_permit_private_addresses() {
    let (server, port) = (start("fetch"), service().await.port());
    for url in [format!("http://127.0.0.1:{port}/"), format!("http://localhost:{port}/to-hello")] {
        assert_eq!(fetch(&server, &url, true).await, Ok("hello".to_owned()), "{url}");
    }
    // The permission of one request is not that of another.
    assert!(fetch(&server, &format!("http://127.0.0.1:{port}/"), false).await.is_err());
}

#[tokio::test]
async fn redirect_to_credentials_is_forbidden_even_then() {
    let (server, port) = (start("private"), service().await.port());
    assert_eq!(fetch(&server, &format!("http://127.0.0.1:{port}/"), false).await, Ok("hello".to_owned()));
    for url in [format!("http://127.0.0.1:{port}/to-metadata"), "http://169.254.169.254/latest".to_owned()] {
        let error = fetch(&server, &url, true).await.unwrap_err();
        assert!(error.contains("requests to 169.254.169.254 are forbidden"), "{url}: {error}");
    }
    let error = fetch(&server, &format!("http://127.0.0.1:{port}/to-self"), true).await.unwrap_err();
    assert_eq!(error, "the request was redirected more than 5 times");
}

#[tokio::test]
async fn failed_request_is_described_without_its_url() {
    let (mut server, port) = (start("private"), service().await.port());
    for (path, expected) in [
        ("error?key=hunter22", "127.0.0.1 returned status 503 Service Unavailable"),
        ("silent?key=hunter22", "127.0.0.1 did not respond in time; try again"),
    ] {
        let error = fetch(&server, &format!("http://127.0.0.1:{port}/{path}"), false).await.unwrap_err();
        assert_eq!(error, expected);
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = fetch(&server, &format!("http://{closed}/?key=hunter22"), false).await.unwrap_err();
    assert_eq!(error, "cannot connect to 127.0.0.1; try again");
    let log = server.whole_log();
    assert!(log.contains("request failed") && !log.contains("hunter22"), "{log}");
}
