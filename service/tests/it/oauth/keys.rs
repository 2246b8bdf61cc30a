//! Whose keys count, and when: how they are found, replaced, and done without.

use std::time::{Duration, Instant};

use mcp_stateful::clock::epoch_seconds;
use serde_json::json;
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
    for (path, named, taken) in [
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
        assert_eq!(status(&server, &key.token(&issuer.claims("a"))).await, taken, "{path} {named:?}");
        assert_eq!(issuer.asked() > 0, taken == 200);
        if taken == 503 {
            logged(&server, "names another issuer").await;
        }
    }
    let issuer = Issuer::start(&[&key]).await;
    issuer.publish(METADATA, &json!({"issuer": issuer.url, "jwks_uri": "http://keys.example/jwks"}));
    let server = issuer.setup().start();
    assert_eq!(status(&server, &key.token(&issuer.claims("a"))).await, 503);
    logged(&server, "invalid jwks_uri").await;
}

#[tokio::test]
async fn invalid_or_oversize_key_set_is_not_used() {
    let key = Key::new("k");
    let long = json!({"keys": [key.jwk()], "padding": "x".repeat(256 * 1024)}).to_string();
    for (text, told) in
        [(long, "longer than 262144"), ("{".to_owned(), "not JSON"), ("[]".to_owned(), "invalid key set")]
    {
        let issuer = Issuer::start(&[]).await;
        issuer.publish_text("/elsewhere", text);
        let server = issuer.setup().env("MCP_OAUTH_JWKS_URL", &format!("{}/elsewhere", issuer.url)).start();
        assert_eq!(status(&server, &key.token(&issuer.claims("a"))).await, 503);
        logged(&server, told).await;
    }
}

/// Waits for a text in the log, which comes through a pipe of its own.
async fn logged(server: &Server, text: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !server.log().contains(text) {
        assert!(Instant::now() < deadline, "{text} is missing in {}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Presents a token until it is answered so, or for half a minute.
async fn becomes(server: &Server, token: &str, wanted: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let got = status(server, token).await;
        if got == wanted {
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
    becomes(&server, &after, 200).await;
    assert_eq!(status(&server, &before).await, 401);
}

#[tokio::test]
async fn server_starts_without_issuer_and_recovers() {
    let key = Key::new("k");
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{place}");
    let server = Setup::new().token().env("MCP_OAUTH_ISSUER", &url).env("MCP_OAUTH_RESOURCE", RESOURCE).start();
    let claims = json!({"iss": url, "sub": "a", "aud": RESOURCE, "exp": epoch_seconds() + 600, "scope": "notes:read"});
    let token = key.token(&claims);
    let answer = server.post_as(&token, "/mcp/call_tool").json(&call("echo_cached", json!({"text": "x"})));
    let answer = answer.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (503, true));
    assert!(answer.text().await.unwrap().contains("signing keys are unavailable"));
    logged(&server, "keys are unavailable").await;
    // Whoever needs no keys waits for none.
    assert_eq!((status(&server, TOKEN).await, status(&server, "nonsense").await), (200, 401));
    let _issuer = Issuer::listen(TcpListener::bind(place).await.unwrap(), &[&key]);
    becomes(&server, &token, 200).await;
    logged(&server, "available again").await;
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
    // An unknown key makes the server ask, and see that the issuer is down.
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
    let server = issuer.setup().start();
    let token = key.token(&issuer.claims("alice"));
    assert_eq!(status(&server, &token).await, 200);
    let started = Instant::now();
    // Longer than the least time between two attempts, so that some are due.
    while started.elapsed() < Duration::from_secs(12) {
        let forged: Vec<String> = (0..50)
            .map(|n| key.token_with(&json!({"alg": "ES256", "kid": format!("{n}")}), &issuer.claims("alice")))
            .collect();
        let answers = futures_util::future::join_all(forged.iter().map(|token| status(&server, token))).await;
        assert!(answers.iter().all(|status| *status == 401), "{answers:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // One at the start, and one for each 10 s begun since.
    let most = 2 + u32::try_from(started.elapsed().as_secs() / 10).unwrap();
    assert!((2..=most).contains(&issuer.asked()), "asked {} times in {:?}", issuer.asked(), started.elapsed());
    assert_eq!(status(&server, &token).await, 200);
}
