//! The service behind a front: the client's address, allowed clients, OAuth metadata and hosts.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{
    call,
    front::{DEFAULT_SOURCE, Front, Kind, SOURCE},
    issuer::{Issuer, Key, RESOURCE},
    server::{Server, Setup, TOKEN},
};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
const OTHER_SOURCE: &str = "198.51.100.9";
const WRONG: &str = "wrong-token-0123456789";

fn behind(kind: Kind) -> Setup {
    Setup::new().token().env("MCP_FRONT", kind.name())
}

fn echo(server: &Server, url: &str, token: &str) -> RequestBuilder {
    let request = server.http.post(format!("{url}/mcp/call_tool")).bearer_auth(token);
    request.json(&call("echo_cached", json!({"text": "a"})))
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

/// Adds the headers with which a client could pretend another address.
fn forged(request: RequestBuilder, address: &str) -> RequestBuilder {
    ["x-mcp-client-ip", "x-real-ip", "true-client-ip", "cloudfront-viewer-address", "x-forwarded-for"]
        .into_iter()
        .fold(request, |request, name| request.header(name, address))
        .header("forwarded", format!("for={address}"))
}

/// Returns the client of each tool call in the log.
fn logged_clients(log: &str) -> Vec<String> {
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let calls = events.filter(|event| event["message"] == "tool call");
    calls.map(|event| event["client"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn log_names_the_client_of_each_front() {
    for kind in Kind::ALL {
        let mut server = behind(kind).start();
        let front = Front::before(kind, &server).await;
        let mut expected = Vec::new();
        for source in [DEFAULT_SOURCE, "2001:db8::7"] {
            for forge in [false, true] {
                let request = echo(&server, &front.url, TOKEN).header(SOURCE, source);
                let request = if forge { forged(request, OTHER_SOURCE) } else { request };
                assert_eq!(status(request).await, 200, "{kind:?} {source} {forge}");
                expected.push(source);
            }
        }
        // rmcp runs this call in a task of its own.
        let unusual = json!({"name": "echo_cached", "arguments": {"text": "a"}, "requestState": "s"});
        let unusual = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": unusual});
        let request = server.http.post(format!("{}/mcp", front.url)).json(&unusual);
        let request = request.bearer_auth(TOKEN).header("accept", "application/json, text/event-stream");
        assert_eq!(status(request).await, 200);
        expected.push(DEFAULT_SOURCE);
        assert_eq!(logged_clients(&server.whole_log()), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn without_front_headers_do_not_change_the_client() {
    let mut server = Setup::new().start();
    assert_eq!(status(forged(echo(&server, &server.url, TOKEN), OTHER_SOURCE)).await, 200);
    assert_eq!(logged_clients(&server.whole_log()), ["127.0.0.1"]);
}

#[tokio::test]
async fn only_allowed_clients_are_served() {
    let allowed = "203.0.113.0/24, 2001:db8:1::/48";
    for kind in Kind::ALL {
        let mut server = behind(kind).env("MCP_ALLOWED_CLIENTS", allowed).start();
        let front = Front::before(kind, &server).await;
        for (source, expected) in [
            ("203.0.113.255", 200),
            ("203.0.114.0", 403),
            ("2001:db8:1:ffff::1", 200),
            ("2001:db8:2::1", 403),
            ("::ffff:203.0.113.7", 200),
            ("127.0.0.1", 403),
        ] {
            let request = || echo(&server, &front.url, TOKEN).header(SOURCE, source);
            assert_eq!(status(request()).await, expected, "{kind:?} {source}");
            assert_eq!(status(forged(request(), "203.0.113.7")).await, expected, "{kind:?} {source} forged");
        }
        let refused = |request: RequestBuilder| request.header(SOURCE, OTHER_SOURCE);
        // Before the token, the Host and the route are looked at.
        for request in [
            echo(&server, &front.url, WRONG),
            server.http.get(format!("{}/none", front.url)),
            server.http.get(format!("{}{WELL_KNOWN}", front.url)),
            server.http.request(reqwest::Method::OPTIONS, format!("{}/mcp", front.url)),
            echo(&server, &front.url, TOKEN).header("host", "evil.example").header("origin", "https://evil.example"),
        ] {
            let response = refused(request).send().await.unwrap();
            assert_eq!(response.status(), 403, "{kind:?} {}", response.url());
            let text = response.text().await.unwrap();
            assert!(text.contains("MCP_ALLOWED_CLIENTS") && text.contains(OTHER_SOURCE), "{text}");
        }
        for path in ["/healthz", "/readyz", "/mcp/health"] {
            assert_eq!(status(refused(server.http.get(format!("{}{path}", front.url)))).await, 200, "{path}");
            assert_eq!(status(server.get(path)).await, 200, "{path} past the front");
        }
        assert_eq!(server.whole_log().matches("client rejected").count(), 1);
    }
}

#[tokio::test]
async fn request_past_the_front_is_rejected() {
    for kind in Kind::ALL {
        let server = behind(kind).start();
        for request in [
            echo(&server, &server.url, TOKEN),
            echo(&server, &server.url, TOKEN).header("x-forwarded-for", ""),
            echo(&server, &server.url, TOKEN).header("x-mcp-client-ip", "203.0.113.7, 203.0.113.7"),
            echo(&server, &server.url, TOKEN)
                .header("x-forwarded-for", "203.0.113.7, 10.0.0.1")
                .header("x-forwarded-for", "203.0.113.7, 10.0.0.1")
                .header("x-mcp-client-ip", "203.0.113.7")
                .header("x-mcp-client-ip", "203.0.113.7"),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 403, "{kind:?}");
            let text = response.text().await.unwrap();
            assert!(text.contains("MCP_FRONT") && text.contains(kind.name()), "{text}");
        }
        assert_eq!(status(server.get("/readyz")).await, 200);
    }
}

#[tokio::test]
async fn allowed_clients_apply_without_a_front() {
    for (allowed, expected) in [("127.0.0.1", 200), ("::1, 10.0.0.0/8", 403)] {
        let server = Setup::new().token().env("MCP_ALLOWED_CLIENTS", allowed).start();
        assert_eq!(status(forged(echo(&server, &server.url, TOKEN), "10.0.0.1")).await, expected, "{allowed}");
    }
    // Over a socket for both versions, where IPv4 addresses have the form of IPv6.
    let server = Setup::new().token().arg("--host").arg("::").env("MCP_ALLOWED_CLIENTS", "127.0.0.0/8").start();
    let port = server.url.rsplit_once(':').unwrap().1;
    assert_eq!(status(echo(&server, &format!("http://127.0.0.1:{port}"), TOKEN)).await, 200);
}

/// Finds the metadata as MCP's chapter Authorization demands of clients: from the challenge, or else at the well-known
/// addresses.
async fn discover(server: &Server, origin: &str) -> (bool, Value) {
    let response = server.http.post(format!("{origin}/mcp")).json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let has_challenge = response.headers().contains_key("www-authenticate");
    for path in [format!("{WELL_KNOWN}/mcp"), WELL_KNOWN.to_owned()] {
        let response = server.http.get(format!("{origin}{path}")).header("host", "abc.example").send().await.unwrap();
        if response.status() == 200 {
            return (has_challenge, response.json().await.unwrap());
        }
    }
    panic!("no metadata at {origin}");
}

#[tokio::test]
async fn log_in_works_without_the_challenge() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().env("MCP_FRONT", "http-api").start();
    let front = Front::before(Kind::HttpApi, &server).await;
    let (has_challenge, metadata) = discover(&server, &front.url).await;
    assert!(!has_challenge, "API Gateway renames the header");
    assert_eq!(metadata["resource"], RESOURCE);
    assert_eq!(metadata["authorization_servers"], json!([issuer.url]));
    assert_eq!(status(echo(&server, &front.url, &key.token(&issuer.claims("alice")))).await, 200);
}

#[tokio::test]
async fn metadata_and_challenge_name_the_resource() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    for kind in Kind::ALL {
        let server = issuer.setup().env("MCP_FRONT", kind.name()).start();
        let front = Front::before(kind, &server).await;
        let get = |path: &str| server.http.get(format!("{}{path}", front.url)).header("host", "mcp.example.com");
        for path in [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/mcp")] {
            let metadata: Value = get(&path).send().await.unwrap().json().await.unwrap();
            assert_eq!(metadata["resource"], RESOURCE, "{kind:?} {path}");
        }
        let response = get("/mcp").send().await.unwrap();
        assert_eq!(response.status(), 401);
        let renamed = kind == Kind::HttpApi;
        let name = if renamed { "x-amzn-remapped-www-authenticate" } else { "www-authenticate" };
        let challenge = response.headers()[name].to_str().unwrap();
        let url = format!("https://mcp.example.com{WELL_KNOWN}/mcp");
        assert!(challenge.contains(&format!("resource_metadata=\"{url}\"")), "{kind:?} {challenge}");
        assert_eq!(response.headers().contains_key("www-authenticate"), !renamed);
    }
}

#[tokio::test]
async fn host_is_checked_where_the_front_keeps_it() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let token = key.token(&issuer.claims("alice"));
    for (kind, foreign) in [(Kind::HttpApi, 200), (Kind::Alb, 403), (Kind::CloudFront, 403)] {
        let server = issuer.setup().env("MCP_FRONT", kind.name()).start();
        let front = Front::before(kind, &server).await;
        for (host, expected) in [("mcp.example.com", 200), ("MCP.example.com.", 200), ("other.example", foreign)] {
            let request = echo(&server, &front.url, &token).header("host", host);
            assert_eq!(status(request).await, expected, "{kind:?} {host}");
        }
        // Without a resource the service does not know its name.
        let server = behind(kind).start();
        let front = Front::before(kind, &server).await;
        assert_eq!(status(echo(&server, &front.url, TOKEN).header("host", "other.example")).await, 200, "{kind:?}");
        // No origin is allowed by default, although the server listens on loopback.
        let page = echo(&server, &front.url, TOKEN).header("origin", "http://localhost:6274");
        assert_eq!(status(page).await, 403, "{kind:?}");
    }
}

#[tokio::test]
async fn failures_are_limited_by_client() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let mut expired = issuer.claims("alice");
    expired["exp"] = json!(1_000_000_000);
    let (valid, expired) = (key.token(&issuer.claims("alice")), key.token(&expired));
    let foreign = Key::new("k").token(&issuer.claims("alice"));
    let setup = issuer.setup().token().env("MCP_FRONT", "http-api").env("MCP_AUTH_FAILURE_LIMIT", "1/min,burst=5");
    let mut server = setup.start();
    let front = Front::before(Kind::HttpApi, &server).await;
    let from = |source: &str, token: &str| forged(echo(&server, &front.url, token), "192.0.2.1").header(SOURCE, source);
    for n in 0..5 {
        assert_eq!(status(from(DEFAULT_SOURCE, if n % 2 == 0 { WRONG } else { &foreign })).await, 401, "{n}");
    }
    for token in [WRONG, &foreign] {
        let response = from(DEFAULT_SOURCE, token).send().await.unwrap();
        assert_eq!(response.status(), 429);
        let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let challenge = response.headers()["x-amzn-remapped-www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("resource_metadata="), "{challenge}");
        assert!(response.text().await.unwrap().contains("too many invalid tokens"));
    }
    // A client that has to log in, or again, gets its 401.
    assert_eq!(status(from(DEFAULT_SOURCE, &expired)).await, 401);
    let without_token = server.http.get(format!("{}/mcp", front.url)).header(SOURCE, DEFAULT_SOURCE);
    assert_eq!(status(without_token).await, 401);
    for token in [TOKEN, &valid] {
        assert_eq!(status(from(DEFAULT_SOURCE, token)).await, 200);
    }
    assert_eq!(status(from(OTHER_SOURCE, WRONG)).await, 401);
    let metrics = server.metrics().await;
    assert!(metrics.contains("\nmcp_auth_failures_limited_total 2\n"), "{metrics}");
    let log = server.whole_log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("too many failed authentications")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains(DEFAULT_SOURCE), "{warnings:?}");
}

#[tokio::test]
async fn call_is_one_json_document_behind_each_front() {
    let message =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call("echo_cached", json!({"text": "a"}))});
    for kind in Kind::ALL {
        let server = behind(kind).start();
        let front = Front::before(kind, &server).await;
        let request = server.http.post(format!("{}/mcp", front.url)).bearer_auth(TOKEN).json(&message);
        let response = request.header("accept", "application/json, text/event-stream").send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json", "{kind:?}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["result"]["content"][0]["text"], "A", "{kind:?}");
    }
}

#[tokio::test]
async fn settings_that_contradict_the_front_are_logged() {
    let mut server = behind(Kind::Alb).env("MCP_KEEP_ALIVE", "30").start();
    let log = server.whole_log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("\"WARN\"")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("MCP_KEEP_ALIVE is 30 s") && warnings[1].contains("MCP_LAME_DUCK is 0 s"));
}

#[tokio::test]
async fn long_head_is_rejected_by_http_api_only() {
    for (kind, expected) in [(Kind::HttpApi, 431), (Kind::Alb, 200)] {
        let server = behind(kind).start();
        let front = Front::before(kind, &server).await;
        let request = echo(&server, &front.url, TOKEN).header("x-long", "x".repeat(12_000));
        assert_eq!(status(request).await, expected, "{kind:?}");
    }
}
