//! Signing keys: discovery, rotation, and outages of the authorization server.

use std::time::{Duration, Instant};

use mcp_stateful::clock::epoch_seconds;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::status;
use crate::support::{
    call,
    issuer::{Issuer, JWKS, Key, METADATA, OPENID, RESOURCE},
    server::{Server, Setup, TOKEN},
};

#[tokio::test]
async fn keys_are_found_via_own_metadata_only() {
    let key = Key::new("k");
    for (path, named, expected) in [
        (METADATA, None, 200),
        (OPENID, None, 200),
        (METADATA, Some("https://issuer.example"), 503),
        (OPENID, Some("https://issuer.example"), 503),
    ] {
        let issuer = Issuer::start(&[&key]).await;
        issuer.withdraw(METADATA);
        let document = json!({"issuer": named.unwrap_or(&issuer.url), "jwks_uri": format!("{}{JWKS}", issuer.url)});
        issuer.publish(path, &document);
        let server = issuer.setup().start();
        assert_eq!(status(&server, &key.token(&issuer.claims("a"))).await, expected, "{path} {named:?}");
        assert_eq!(issuer.asked() > 0, expected == 200);
        if expected == 503 {
            wait_for_log(&server, "names another issuer").await;
        }
    }
    let issuer = Issuer::start(&[&key]).await;
    issuer.publish(METADATA, &json!({"issuer": issuer.url, "jwks_uri": "http://keys.example/jwks"}));
    let server = issuer.setup().start();
    assert_eq!(status(&server, &key.token(&issuer.claims("a"))).await, 503);
    wait_for_log(&server, "invalid jwks_uri").await;
}

#[tokio::test]
async fn discovery_continues_past_wrong_documents() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    issuer.withdraw(METADATA);
    let name = format!("{}/tenant", issuer.url);
    let good = json!({"issuer": name, "jwks_uri": format!("{}{JWKS}", issuer.url)}).to_string();
    let paths = [&format!("{METADATA}/tenant"), &format!("{OPENID}/tenant"), &format!("/tenant{OPENID}")];
    let wrong = [
        ("<html>", "not JSON"),
        ("{}", "another issuer"),
        (r#"{"issuer":"https://other.example"}"#, "another issuer (https://other.example)"),
        (&format!(r#"{{"issuer":"{name}"}}"#), "no jwks_uri"),
        (&format!(r#"{{"issuer":"{name}","jwks_uri":"/jwks"}}"#), "invalid jwks_uri"),
        (&format!(r#"{{"issuer":"{name}","jwks_uri":"{}/none"}}"#, issuer.url), "/none: HTTP status 404"),
    ];
    let mut claims = issuer.claims("a");
    claims["iss"] = json!(name);
    let token = key.token(&claims);
    for (n, (document, reason)) in wrong.into_iter().enumerate() {
        for path in paths {
            issuer.publish_text(path, document.to_owned());
        }
        let setup = || issuer.setup().env("MCP_OAUTH_ISSUER", &name);
        let server = setup().start();
        assert_eq!(status(&server, &token).await, 503, "{document}");
        wait_for_log(&server, reason).await;
        for path in paths {
            assert!(server.log().contains(path), "{path} is missing in {}", server.log());
        }
        // A byte order mark does not make a document wrong.
        issuer.publish_text(paths[n % 3], format!("\u{feff}{good}"));
        assert_eq!(status(&setup().start(), &token).await, 200, "{document}");
    }
    issuer.withdraw(paths[0]);
    issuer.publish_text(paths[1], good);
    let mut server = issuer.setup().env("MCP_OAUTH_ISSUER", &name).start();
    assert_eq!(status(&server, &token).await, 200);
    assert!(!server.whole_log().contains("unavailable"));
}

#[tokio::test]
async fn unusual_key_sets_are_used() {
    let key = Key::new("k");
    let unknown = json!({"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES-new", "x": "AA", "y": "AA"});
    let foreign: Vec<Value> = (0..200).map(|n| json!({"kty": "new", "kid": n.to_string()})).collect();
    let others = (0..100).map(|n| {
        let mut jwk = Key::new("other").jwk();
        jwk["kid"] = json!(n.to_string());
        jwk
    });
    for (case, keys) in [
        ("one key without kid", vec![key.jwk_without("kid")]),
        ("keys without kid", vec![Key::new("other").jwk_without("kid"), key.jwk_without("kid")]),
        ("a key without alg", vec![key.jwk_without("alg")]),
        ("a key of an unknown algorithm", vec![unknown, key.jwk()]),
        ("keys of unknown types", foreign.into_iter().chain([key.jwk()]).collect()),
        ("a hundred keys", others.chain([key.jwk()]).collect()),
    ] {
        let issuer = Issuer::start(&[]).await;
        issuer.publish_text(JWKS, format!("\u{feff}{}", json!({"keys": keys})));
        let server = issuer.setup().start();
        let foreign = Key::new("k").token(&issuer.claims("a"));
        let got = (status(&server, &key.token(&issuer.claims("a"))).await, status(&server, &foreign).await);
        assert_eq!(got, (200, 401), "{case}");
    }
}

#[tokio::test]
async fn invalid_or_oversize_key_set_is_not_used() {
    let key = Key::new("k");
    let long = json!({"keys": [key.jwk()], "padding": "x".repeat(256 * 1024)}).to_string();
    for (text, reason) in
        [(long, "longer than 262144"), ("{".to_owned(), "not JSON"), ("[]".to_owned(), "invalid key set")]
    {
        let issuer = Issuer::start(&[]).await;
        issuer.publish_text("/elsewhere", text);
        let server = issuer.setup().env("MCP_OAUTH_JWKS_URL", &format!("{}/elsewhere", issuer.url)).start();
        assert_eq!(status(&server, &key.token(&issuer.claims("a"))).await, 503);
        wait_for_log(&server, reason).await;
    }
}

/// Waits for a text in the log, which arrives through a separate pipe.
async fn wait_for_log(server: &Server, text: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !server.log().contains(text) {
        assert!(Instant::now() < deadline, "{text} is missing in {}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Presents a token until the response has the expected status. Panics after 30 s.
async fn wait_for_status(server: &Server, token: &str, expected: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let got = status(server, token).await;
        if got == expected {
            return;
        }
        assert!(Instant::now() < deadline, "still {got}: {}", server.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn rotated_key_replaces_the_old_one() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let issuer = Issuer::start(&[&old]).await;
    let server = issuer.setup().start();
    let [before, after] = [&old, &new].map(|key| key.token(&issuer.claims("alice")));
    assert_eq!((status(&server, &before).await, status(&server, &after).await), (200, 401));
    issuer.show(&[&new]);
    wait_for_status(&server, &after, 200).await;
    assert_eq!(status(&server, &before).await, 401);
}

#[tokio::test]
async fn server_starts_without_issuer_and_recovers() {
    let key = Key::new("k");
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{address}");
    let server = Setup::new().token().env("MCP_OAUTH_ISSUER", &url).env("MCP_OAUTH_RESOURCE", RESOURCE).start();
    let claims = json!({"iss": url, "sub": "a", "aud": RESOURCE, "exp": epoch_seconds() + 600, "scope": "notes:read"});
    let token = key.token(&claims);
    let response = server.post_as(&token, "/mcp/call_tool").json(&call("echo_cached", json!({"text": "x"})));
    let response = response.send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (503, true));
    assert!(response.text().await.unwrap().contains("signing keys are unavailable"));
    wait_for_log(&server, "keys are unavailable").await;
    // Requests whose tokens need no keys do not wait for any.
    assert_eq!((status(&server, TOKEN).await, status(&server, "nonsense").await), (200, 401));
    let _issuer = Issuer::listen(TcpListener::bind(address).await.unwrap(), &[&key]);
    wait_for_status(&server, &token, 200).await;
    wait_for_log(&server, "available again").await;
    assert_eq!(server.log().matches("keys are unavailable").count(), 1, "{}", server.log());
}

#[tokio::test]
async fn cached_keys_survive_an_issuer_outage() {
    let (key, other) = (Key::new("k"), Key::new("other"));
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().start();
    let token = key.token(&issuer.claims("alice"));
    assert_eq!(status(&server, &token).await, 200);
    issuer.set_down(true);
    // An unknown key triggers a fetch, which detects the outage.
    let unknown = other.token(&issuer.claims("alice"));
    let deadline = Instant::now() + Duration::from_secs(30);
    while !server.log().contains("keys are unavailable") {
        assert!(Instant::now() < deadline, "{}", server.log());
        assert_eq!(status(&server, &unknown).await, 401);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(status(&server, &token).await, 200);
}

#[tokio::test]
async fn unknown_key_ids_do_not_flood_the_issuer() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().env("MCP_AUTH_FAILURE_LIMIT", "off").start();
    let token = key.token(&issuer.claims("alice"));
    assert_eq!(status(&server, &token).await, 200);
    let started = Instant::now();
    // Longer than the minimum interval between two fetches, so that some are due.
    while started.elapsed() < Duration::from_secs(12) {
        let forged: Vec<String> = (0..50)
            .map(|n| key.token_with(&json!({"alg": "ES256", "kid": format!("{n}")}), &issuer.claims("alice")))
            .collect();
        let statuses = futures_util::future::join_all(forged.iter().map(|token| status(&server, token))).await;
        assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // One fetch at the start, and one for each 10 s begun since.
    let limit = 2 + u32::try_from(started.elapsed().as_secs() / 10).unwrap();
    assert!((2..=limit).contains(&issuer.asked()), "{} fetches in {:?}", issuer.asked(), started.elapsed());
    assert_eq!(status(&server, &token).await, 200);
}
