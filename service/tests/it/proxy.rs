//! Proxies and blank variables: the table and the authorization server are reached as every other AWS tool reaches
//! them.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::json;

use crate::support::{
    dynamodb::DynamoDb,
    fresh,
    issuer::RESOURCE,
    server::{Setup, TOKEN},
};

/// A name that only the proxy can resolve.
const TABLE: &str = "http://dynamodb.test";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table_is_reached_through_the_proxy() {
    // Its server also takes requests with a whole URL, as a proxy does.
    let dynamodb = DynamoDb::with_table().await;
    let setup = || Setup::new().token().dynamodb(TABLE).env("HTTP_PROXY", &dynamodb.endpoint);
    let server = setup().env("AWS_REGION", "").env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_PROFILE", "").start();
    let session = fresh("proxy");
    for note in ["one", "two"] {
        let (status, body) = server.call("add_note", json!({"session_id": session, "note": note})).await;
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(server.notes(&session).await, ["one", "two"]);

    let direct = setup().env("NO_PROXY", "dynamodb.test").arg("--store-deadline").arg("1").start();
    let (status, body) = direct.call("add_note", json!({"session_id": session, "note": "lost"})).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("cannot be reached"), "{status} {body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_table_is_reached_without_the_proxy() {
    let dynamodb = DynamoDb::with_table().await;
    let setup = Setup::new().token().dynamodb(&dynamodb.endpoint).env("ALL_PROXY", "http://127.0.0.1:9");
    let (status, body) = setup.start().call("get_notes", json!({"session_id": fresh("local")})).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issuer_is_reached_through_the_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in proxy.incoming().map_while(Result::ok) {
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).unwrap();
            sender.send(line).ok();
        }
    });
    let setup = Setup::new().env("MCP_AUTH_TOKEN", TOKEN).env("HTTPS_PROXY", &url);
    let server = setup.env("MCP_OAUTH_ISSUER", "https://issuer.test").env("MCP_OAUTH_RESOURCE", RESOURCE).start();
    let request = requests.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(request.starts_with("CONNECT issuer.test:443 "), "{request}");
    drop(server);
}
