//! Connections over sockets: how long idle ones are kept, and how refused ones are closed.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    call,
    dynamodb::{DynamoDb, Fault},
    server::{Server, Setup, TOKEN},
};

const WRONG: &str = "wrong-token-0123456789";
const MB: usize = 1_000_000;

/// A client that sends a request completely before it reads the response, as many HTTP libraries do.
struct Client(TcpStream);

impl Client {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("the connection was reset while the client was sending");
    }

    /// Returns the head of the next response, in lower case, after reading its body.
    fn receive(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("the connection ended before the response");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).expect("the connection ended within the response");
        head
    }

    /// Waits for the server to close its side. Panics on a reset.
    fn expect_end(&mut self) {
        assert_eq!(self.0.read(&mut [0; 64]).expect("reset instead of a close"), 0, "bytes after the response");
    }
}

fn head(path: &str, token: &str, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{more}\r\n\r\n"
    )
}

fn ping(token: &str) -> String {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    head("/mcp", token, &format!("Content-Length: {}", body.len())) + body
}

fn status(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// The header and the bytes of a body.
type Framed = (String, String);

fn plain(size: usize) -> Framed {
    (format!("Content-Length: {size}"), "x".repeat(size))
}

fn chunked(size: usize) -> Framed {
    ("Transfer-Encoding: chunked".to_owned(), format!("{size:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(size)))
}

#[tokio::test]
async fn refusals_reach_a_client_that_is_sending() {
    let server = Setup::new().token().start();
    let with_line = |line: &str| (format!("{line}\r\nContent-Length: {}", 4 * MB), "x".repeat(4 * MB));
    for (expected, path, token, (framing, body)) in [
        ("413", "/mcp", TOKEN, plain(8 * MB)),
        ("413", "/mcp/call_tool", TOKEN, plain(5 * MB / 2)),
        ("413", "/mcp", TOKEN, chunked(8 * MB)),
        ("401", "/mcp", WRONG, plain(19 * MB / 10)),
        ("401", "/mcp/call_tool", WRONG, chunked(4 * MB)),
        ("404", "/other", TOKEN, plain(4 * MB)),
        ("404", "/healthz", TOKEN, plain(4 * MB)),
        ("403", "/mcp", TOKEN, with_line("Origin: https://evil.example")),
        ("400", "/mcp", TOKEN, with_line("not a header")),
        ("400", "/mcp", TOKEN, ("Transfer-Encoding: chunked".to_owned(), "x".repeat(4 * MB))),
        ("431", "/mcp", TOKEN, with_line(&format!("X: {}", "x".repeat(200_000)))),
    ] {
        for _ in 0..5 {
            let mut client = Client::connect(&server);
            client.send(head(path, token, &framing));
            client.send(&body);
            let response = client.receive();
            assert_eq!(status(&response), expected, "{path} {response}");
            assert!(response.contains("\r\nconnection: close\r\n"), "{path} {response}");
            client.expect_end();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_reach_many_clients_at_once() {
    let server = Setup::new().token().env("MCP_AUTH_FAILURE_LIMIT", "off").start();
    // More than are discarded at once. The others wait for their turn.
    let clients: Vec<_> = (0..100)
        .map(|_| {
            let mut client = Client::connect(&server);
            tokio::task::spawn_blocking(move || {
                let (framing, body) = plain(3 * MB);
                client.send(head("/mcp", WRONG, &framing));
                client.send(body);
                client.receive()
            })
        })
        .collect();
    for client in clients {
        assert_eq!(status(&client.await.unwrap()), "401");
    }
}

#[tokio::test]
async fn refused_short_body_keeps_the_connection() {
    let server = Setup::new().token().env("MCP_AUTH_FAILURE_LIMIT", "off").start();
    let mut client = Client::connect(&server);
    for n in 0..300 {
        let request = ping(WRONG);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        client.send(format!("{head}\r\n\r\n"));
        if n % 3 == 0 {
            // The response may be there before the body is sent.
            std::thread::sleep(Duration::from_millis(n % 5));
        }
        client.send(body);
        let response = client.receive();
        assert_eq!(status(&response), "401", "request {n}: {response}");
        assert!(response.contains("\r\nconnection: keep-alive\r\n"), "request {n}: {response}");
    }
    client.send(ping(TOKEN));
    assert_eq!(status(&client.receive()), "200");
}

#[tokio::test]
async fn discarding_is_bounded_in_size_and_time() {
    let server = Setup::new().token().start();
    let mut endless = Client::connect(&server);
    endless.send(head("/mcp", WRONG, "Transfer-Encoding: chunked"));
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    let sent = (0..64).take_while(|_| endless.0.write_all(chunk.as_bytes()).is_ok()).count();
    // More than the 16 MiB that the server reads fits into the buffers of both sockets.
    assert!((16..64).contains(&sent), "{sent} MiB");
    let mut slow = Client::connect(&server);
    slow.send(head("/mcp", WRONG, "Content-Length: 1000000"));
    let since = Instant::now();
    while slow.0.write_all(b"x").is_ok() && since.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!((5..10).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}

#[tokio::test]
async fn refusal_comes_before_an_expected_body() {
    let server = Setup::new().token().start();
    let expect = |length: usize| format!("Expect: 100-continue\r\nContent-Length: {length}");
    for (expected, path, token, length) in [
        ("401", "/mcp", WRONG, 40),
        ("401", "/mcp", WRONG, 5 * MB),
        ("413", "/mcp", TOKEN, 5 * MB),
        ("404", "/x", TOKEN, 40),
    ] {
        let mut client = Client::connect(&server);
        client.send(head(path, token, &expect(length)));
        let response = client.receive();
        assert_eq!(status(&response), expected, "{response}");
        assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
        client.expect_end();
    }
    let mut client = Client::connect(&server);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    client.send(head("/mcp", TOKEN, &expect(body.len())));
    assert_eq!(status(&client.receive()), "100");
    client.send(body);
    assert_eq!(status(&client.receive()), "200");
}

#[tokio::test]
async fn idle_connection_loses_no_request_in_its_time() {
    let server = Setup::new().token().arg("--body-timeout").arg("1").arg("--keep-alive").arg("3").start();
    let mut clients: Vec<Client> = (0..200).map(|_| Client::connect(&server)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        // Half of the clients have not sent anything before.
        if n % 2 == 0 {
            client.send(ping(TOKEN));
            let response = client.receive();
            assert!(response.contains("\r\nconnection: keep-alive\r\nkeep-alive: timeout=3\r\n"), "{response}");
        }
    }
    std::thread::sleep(Duration::from_secs(3));
    for client in &mut clients {
        client.send(ping(TOKEN));
    }
    for client in &mut clients {
        assert_eq!(status(&client.receive()), "200");
    }
    let since = Instant::now();
    clients[0].expect_end();
    assert!((3..8).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}

#[tokio::test]
async fn slow_head_ends_before_an_idle_connection() {
    let server = Setup::new().arg("--body-timeout").arg("1").start();
    let mut client = Client::connect(&server);
    client.send("POST /mcp HT");
    let since = Instant::now();
    client.expect_end();
    assert!((1..4).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
}

#[tokio::test]
async fn idle_connections_make_room_at_the_limit() {
    let mut server = Setup::new().token().arg("--max-connections").arg("8").start();
    let mut idle: Vec<Client> = (0..8).map(|_| Client::connect(&server)).collect();
    for client in &mut idle[1..] {
        client.send(ping(TOKEN));
        client.receive();
    }
    let mut new: Vec<Client> = (0..3).map(|_| Client::connect(&server)).collect();
    for client in &mut new {
        client.send(ping(TOKEN));
        assert_eq!(status(&client.receive()), "200");
    }
    for client in &mut idle[..3] {
        client.expect_end();
    }
    for client in idle[3..].iter_mut().chain(&mut new) {
        client.send(ping(TOKEN));
        assert_eq!(status(&client.receive()), "200");
    }
    let metrics = server.metrics().await;
    for line in ["mcp_http_connections 8", "mcp_http_connections_limit 8", "mcp_http_connections_evicted_total 3"] {
        assert!(metrics.contains(&format!("\n{line}\n")), "{line} is missing in {metrics}");
    }
    assert_eq!(server.whole_log().matches("connection limit reached").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_connections_are_never_closed_for_others() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).arg("--max-connections").arg("2").start();
    dynamodb.inject("Query", Fault::DoneButSilent.times(2));
    let body = call("get_notes", json!({"session_id": "a"})).to_string();
    let request = head("/mcp/call_tool", TOKEN, &format!("Content-Length: {}", body.len())) + &body;
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(&server)).collect();
    // The third one is beyond the limit. It is served once one of the others has its response.
    for client in &mut clients {
        client.send(&request);
    }
    let responses = tokio::task::spawn_blocking(move || {
        clients.iter_mut().map(|client| status(&client.receive()).to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(responses.await.unwrap(), ["200"; 3]);
}

#[tokio::test]
async fn request_that_has_begun_is_served_after_sigterm() {
    let mut server = Setup::new().token().start();
    let (mut idle, mut client) = (Client::connect(&server), Client::connect(&server));
    for client in [&mut idle, &mut client] {
        client.send(ping(TOKEN));
        client.receive();
    }
    let request = ping(TOKEN);
    let (first, rest) = request.split_at(20);
    client.send(first);
    std::thread::sleep(Duration::from_millis(200));
    server.terminate();
    idle.expect_end();
    client.send(rest);
    let response = client.receive();
    assert_eq!(status(&response), "200");
    assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
    client.expect_end();
    idle.0.shutdown(Shutdown::Both).ok();
    assert_eq!(server.wait(Duration::from_secs(5)).code(), Some(0));
}
