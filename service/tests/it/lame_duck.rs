//! The lame duck: a service that has its stop signal and goes on serving, because a front goes on sending.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    call,
    dynamodb::DynamoDb,
    front::{Front, Kind},
    server::{Server, Setup, TOKEN, unpooled},
};

/// Longer than a test may take, so that only a second signal ends it.
const LONG: &str = "60";

/// The requests that a front sends to a server after its stop signal.
const CACHED_FOR: usize = 40;

const EXIT: Duration = Duration::from_secs(20);

async fn wait_for(what: &str, reached: impl Fn() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Sends SIGTERM and waits until the server acts on it.
async fn stop(server: &Server) {
    server.terminate();
    wait_for("the stop signal", || server.log().contains("stop signal received")).await;
}

/// Clients that call the service one request after the other.
struct Load {
    running: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(url: &str) -> Self {
        let (running, answered, refused) = (Arc::new(AtomicBool::new(true)), Arc::default(), Arc::default());
        let clients = (0..4).map(|client| {
            let (running, answered, refused) = (running.clone(), Arc::clone(&answered), Arc::clone(&refused));
            let http = unpooled();
            let request = http.post(format!("{url}/mcp/call_tool")).bearer_auth(TOKEN);
            let request = request.json(&call("add_note", json!({"session_id": format!("{client}"), "note": "n"})));
            tokio::spawn(async move {
                while running.load(Ordering::SeqCst) {
                    let status = request.try_clone().unwrap().send().await.map(|response| response.status());
                    let counter: &AtomicUsize =
                        if status.is_ok_and(|status| status == 200) { &answered } else { &refused };
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        let clients = clients.collect();
        Self { running, answered, refused, clients }
    }

    /// Waits for more answers.
    async fn goes_on(&self) {
        let before = self.answered.load(Ordering::SeqCst);
        wait_for("answers", || self.answered.load(Ordering::SeqCst) >= before + 50).await;
    }

    /// Stops the clients. Returns the numbers of answered and refused requests.
    async fn end(self) -> (usize, usize) {
        self.running.store(false, Ordering::SeqCst);
        join_all(self.clients).await;
        (self.answered.load(Ordering::SeqCst), self.refused.load(Ordering::SeqCst))
    }
}

/// Replaces both servers behind a front, one after the other, while clients call them. The front sends requests to a
/// server after its stop signal. Returns the numbers of answered and refused requests.
async fn replace_under_load(kind: Kind, lame_duck: &str) -> (usize, usize) {
    let dynamodb = DynamoDb::with_table().await;
    let start = || {
        let setup = Setup::new().token().dynamodb(&dynamodb.endpoint).env("MCP_FRONT", kind.name());
        setup.env("MCP_LAME_DUCK", lame_duck).start()
    };
    let front = Front::start(kind).await;
    let mut servers: Vec<Server> = (0..2).map(|_| start()).collect();
    servers.iter().for_each(|server| front.register(server));
    let load = Load::start(&front.url);
    load.goes_on().await;
    for _ in 0..2 {
        let new = start();
        front.register(&new);
        servers.push(new);
        let mut old = servers.remove(0);
        assert!(front.attempts(&old) > 0);
        stop(&old).await;
        front.deregister(&old, CACHED_FOR).await;
        // Ends the lame duck. Without one the server may be gone.
        if lame_duck != "0" {
            old.terminate();
        }
        assert_eq!(old.wait(EXIT).code(), Some(0));
        load.goes_on().await;
    }
    assert!(front.reused() > 0, "the front kept no connection");
    load.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacement_behind_http_api_refuses_nothing() {
    let (answered, refused) = replace_under_load(Kind::HttpApi, LONG).await;
    assert_eq!(refused, 0, "{answered} answered");
    assert!(answered >= 150, "{answered}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacement_behind_alb_refuses_nothing() {
    let (answered, refused) = replace_under_load(Kind::Alb, LONG).await;
    assert_eq!(refused, 0, "{answered} answered");
    assert!(answered >= 150, "{answered}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacement_without_lame_duck_refuses_requests() {
    for kind in [Kind::HttpApi, Kind::Alb] {
        let (answered, refused) = replace_under_load(kind, "0").await;
        assert!(refused > 0, "{kind:?}: {answered} answered, none refused");
    }
}

#[tokio::test]
async fn lame_duck_serves_and_is_not_ready() {
    let mut server = Setup::new().token().env("MCP_LAME_DUCK", LONG).start();
    let readyz = async || {
        let response = server.get("/readyz").send().await.unwrap();
        (response.status().as_u16(), response.headers()["connection"].to_str().unwrap().to_owned())
    };
    assert_eq!(readyz().await, (200, "keep-alive".to_owned()));
    stop(&server).await;
    assert_eq!(readyz().await, (503, "close".to_owned()));
    for path in ["/healthz", "/mcp/health", "/mcp/list_tools", "/none"] {
        let response = unpooled().get(format!("{}{path}", server.url)).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(response.status(), if path == "/none" { 404 } else { 200 }, "{path}");
        assert_eq!(response.headers()["connection"], "close", "{path}");
    }
    assert_eq!(server.call("add_note", json!({"session_id": "a", "note": "b"})).await.0, 200);
    assert_eq!(server.notes("a").await, ["b"]);
    assert!(server.metrics().await.contains("mcp_http_requests_total"));
    server.terminate();
    assert_eq!(server.wait(EXIT).code(), Some(0));
}

#[tokio::test]
async fn idle_connection_is_kept_until_the_drain() {
    let mut server = Setup::new().env("MCP_LAME_DUCK", LONG).start();
    let connect = || {
        let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };
    let mut connections = [connect(), connect()];
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut buffer = [0; 4096];
    for connection in &mut connections {
        connection.write_all(request).unwrap();
        assert!(connection.read(&mut buffer).unwrap() > 0);
    }
    stop(&server).await;
    let [used, idle] = &mut connections;
    used.write_all(request).unwrap();
    let mut response = String::new();
    used.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200") && response.to_lowercase().contains("\r\nconnection: close\r\n"));
    idle.set_nonblocking(true).unwrap();
    assert_eq!(idle.read(&mut buffer).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    idle.set_nonblocking(false).unwrap();
    server.terminate();
    assert_eq!(idle.read(&mut buffer).unwrap(), 0);
    drop(connections);
    assert_eq!(server.wait(EXIT).code(), Some(0));
}

#[tokio::test]
async fn lame_duck_ends_after_its_time_or_a_second_signal() {
    let started = Instant::now();
    let mut server = Setup::new().env("MCP_LAME_DUCK", "1").start();
    server.terminate();
    assert_eq!(server.wait(EXIT).code(), Some(0));
    assert!(started.elapsed() >= Duration::from_secs(1));
    for second in ["TERM", "INT"] {
        let mut server = Setup::new().env("MCP_LAME_DUCK", LONG).start();
        stop(&server).await;
        server.signal(second);
        assert_eq!(server.wait(EXIT).code(), Some(0));
    }
}
