//! OAuth: accepted and rejected access tokens, and the challenge for requests without one.

mod keys;

use std::sync::Arc;

use clap::Parser;
use mcp_stateful::{
    cli::Cli,
    clock::epoch_seconds,
    config::Config,
    principal::{Grant, Principal},
    process,
    store::Store,
    telemetry::Metrics,
    tools::{ToolError, Tools, catalog::Catalog},
};
use ring::hmac;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::support::{
    call, fast_path,
    issuer::{Issuer, JWKS, Key, METADATA, RESOURCE, decode, encode, message},
    mcp_client::{ProtocolVersion, connect_as, text, tool},
    server::{Server, Setup, TOKEN},
};

const METADATA_URL: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

/// Makes a read call with a token and returns the response's status.
async fn status(server: &Server, token: &str) -> u16 {
    server.call_as(token, "echo_cached", json!({"text": "x"})).await.0
}

/// Returns `claims` with one claim set, or removed if `value` is null.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

#[tokio::test]
async fn valid_token_variants_are_accepted() {
    let (curve, rsa) = (Key::new("curve"), Key::rsa("rsa"));
    let issuer = Issuer::start(&[&curve, &rsa]).await;
    let server = issuer.setup().start();
    let (good, now) = (issuer.claims("alice"), epoch_seconds());
    let header = |typ: &str| json!({"alg": "ES256", "kid": "curve", "typ": typ});
    for (case, token) in [
        ("ES256", curve.token(&good)),
        ("RS256", rsa.token(&good)),
        ("typ JWT", curve.token_with(&header("JWT"), &good)),
        ("typ with application/", curve.token_with(&header("application/at+jwt"), &good)),
        ("no typ, no kid", curve.token_with(&json!({"alg": "ES256"}), &good)),
        ("several audiences", curve.token(&with(good.clone(), "aud", json!(["other", RESOURCE])))),
        ("scopes as a list", curve.token(&with(good.clone(), "scope", json!(["notes:read"])))),
        (
            "scopes as scp",
            curve.token(&with(with(good.clone(), "scope", Value::Null), "scp", json!(["a", "notes:read"]))),
        ),
        ("expired within the leeway", curve.token(&with(good.clone(), "exp", json!(now - 10)))),
        ("valid within the leeway", curve.token(&with(good.clone(), "nbf", json!(now + 10)))),
        ("fractions of seconds", curve.token(&with(good.clone(), "exp", json!(now as f64 + 60.5)))),
    ] {
        assert_eq!(status(&server, &token).await, 200, "{case}");
    }
}

#[tokio::test]
async fn invalid_tokens_are_rejected() {
    let (key, rsa, other) = (Key::new("k"), Key::rsa("rsa"), Key::new("k"));
    let issuer = Issuer::start(&[&key, &rsa]).await;
    let mut server = issuer.setup().token().start();
    let (good, now) = (issuer.claims("alice"), epoch_seconds());
    let claim = |name: &str, value: Value| key.token(&with(good.clone(), name, value));
    let header = |header: Value| key.token_with(&header, &good);
    let valid = key.token(&good);
    let [head, _, signature] = valid.split('.').collect::<Vec<_>>().try_into().unwrap();
    let unsigned = |alg: &str| format!("{}.", message(&json!({"alg": alg, "kid": "k"}), &good));
    let hmac_with = |secret: &[u8]| {
        let message = message(&json!({"alg": "HS256", "kid": "k", "typ": "at+jwt"}), &good);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", encode(tag.as_ref()))
    };
    let point = [decode(key.jwk()["x"].as_str().unwrap()), decode(key.jwk()["y"].as_str().unwrap())].concat();
    for (case, token, reason) in [
        ("a foreign key with the same id", other.token(&good), "signature"),
        ("a foreign key without an id", other.token_with(&json!({"alg": "ES256"}), &good), "signature"),
        (
            "replaced claims",
            format!("{head}.{}.{signature}", encode(issuer.claims("bob").to_string().as_bytes())),
            "signature",
        ),
        ("a missing signature", format!("{}.", valid.rsplit_once('.').unwrap().0), "signature"),
        ("alg none", unsigned("none"), "unknown"),
        ("alg NONE", unsigned("NONE"), "unknown"),
        ("HS256 with the public key's point", hmac_with(&point), "signature algorithm"),
        ("HS256 with the public key's document", hmac_with(key.jwk().to_string().as_bytes()), "signature algorithm"),
        ("HS256 with nothing", hmac_with(b""), "signature algorithm"),
        ("an unsupported algorithm", header(json!({"alg": "ES384", "kid": "k"})), "signature algorithm"),
        ("the id of a key of another type", header(json!({"alg": "ES256", "kid": "rsa"})), "signature"),
        ("the algorithm of a key of another type", header(json!({"alg": "RS256", "kid": "k"})), "signature"),
        ("an unknown key", header(json!({"alg": "ES256", "kid": "unknown"})), "unknown to the authorization"),
        (
            "an embedded key",
            other.token_with(&json!({"alg": "ES256", "kid": "mine", "jwk": other.jwk()}), &good),
            "unknown to the authorization",
        ),
        (
            "a linked key",
            other.token_with(&json!({"alg": "ES256", "kid": "mine", "jku": format!("{}{JWKS}", issuer.url)}), &good),
            "unknown to the authorization",
        ),
        ("an ID token's typ", header(json!({"alg": "ES256", "kid": "k", "typ": "dpop+jwt"})), "not an access token"),
        ("unknown extensions", header(json!({"alg": "ES256", "kid": "k", "crit": ["b64"], "b64": true})), "extensions"),
        ("expired", claim("exp", json!(now - 31)), "expired"),
        ("no exp", claim("exp", Value::Null), "lacks"),
        ("exp of another type", claim("exp", json!("tomorrow")), "lacks"),
        ("not valid yet", claim("nbf", json!(now + 60)), "not valid yet"),
        ("nbf of another type", claim("nbf", json!("now")), "claims"),
        ("a foreign issuer", claim("iss", json!("https://issuer.example")), "another issuer"),
        ("an issuer that begins alike", claim("iss", json!(format!("{}/", issuer.url))), "another issuer"),
        ("several issuers", claim("iss", json!([issuer.url])), "claims"),
        ("no issuer", claim("iss", Value::Null), "claims"),
        ("a foreign audience", claim("aud", json!("https://other.example/mcp")), "audience"),
        ("an audience that begins alike", claim("aud", json!(format!("{RESOURCE}/other"))), "audience"),
        ("several foreign audiences", claim("aud", json!(["a", "b"])), "audience"),
        ("no audience", claim("aud", Value::Null), "audience"),
        ("an audience of another type", claim("aud", json!(1)), "claims"),
        ("no subject", claim("sub", Value::Null), "claims"),
        ("an empty subject", claim("sub", json!("")), "sub"),
        ("an overlong subject", claim("sub", json!("s".repeat(256))), "sub"),
        ("Cognito's ID token", claim("token_use", json!("id")), "not an access token"),
        ("an invalid JWT", "nonsense".to_owned(), "unknown"),
        ("two parts", "a.b".to_owned(), "unknown"),
        ("four parts", format!("{valid}.x"), "unknown"),
        ("a header with invalid JSON", format!("e30x.{}", valid.split_once('.').unwrap().1), "unknown"),
    ] {
        let response = server.post_as(&token, "/mcp/call_tool").json(&call("echo_cached", json!({"text": "x"})));
        let response = response.send().await.unwrap();
        assert_eq!(response.status(), 401, "{case}");
        let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.contains(r#"error="invalid_token""#) && challenge.contains(METADATA_URL), "{challenge}");
        let body: Value = response.json().await.unwrap();
        assert!(body["error"].as_str().unwrap().contains(reason), "{case}: {body}");
    }
    // The unmodified token is accepted, and so is the shared token.
    assert_eq!((status(&server, &valid).await, status(&server, TOKEN).await), (200, 200));
    let log = server.whole_log();
    assert!(!log.contains(signature) && !log.contains("alice"), "{log}");
}

#[tokio::test]
async fn missing_token_gets_a_challenge_with_metadata() {
    let issuer = Issuer::start(&[]).await;
    let server = issuer.setup().start();
    for path in ["/mcp", "/mcp/call_tool"] {
        let response = server.http.post(format!("{}{path}", server.url)).body("{}").send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.headers()["www-authenticate"],
            format!(
                r#"Bearer realm="mcp-stateful", scope="notes:read notes:write", resource_metadata="{METADATA_URL}""#
            )
        );
    }
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let page = "http://localhost:6274";
        let response = server.http.get(format!("{}{path}", server.url)).header("origin", page).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["access-control-allow-origin"]),
            (200, &page.parse().unwrap())
        );
        let document: Value = response.json().await.unwrap();
        assert_eq!(
            document,
            json!({
                "resource": RESOURCE,
                "resource_name": "mcp-stateful",
                "authorization_servers": [issuer.url],
                "scopes_supported": ["notes:read", "notes:write"],
                "bearer_methods_supported": ["header"],
            })
        );
        let foreign = server.http.get(format!("{}{path}", server.url)).header("origin", "https://evil.example");
        assert_eq!(foreign.send().await.unwrap().status(), 403);
    }
    let elsewhere = format!("{}/.well-known/oauth-protected-resource/other", server.url);
    assert_eq!(server.http.get(elsewhere).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn equivalent_resource_urls_are_one_audience() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    for (resource, audience, expected) in [
        ("https://mcp.example.com", "https://mcp.example.com/", 200),
        ("https://mcp.example.com/", "https://mcp.example.com", 200),
        ("https://MCP.example.com:443/mcp", "https://mcp.example.com/mcp", 200),
        ("https://mcp.example.com/mcp", "https://mcp.example.com/mcp/", 401),
        ("https://mcp.example.com/mcp/", "https://mcp.example.com/mcp", 401),
        ("https://mcp.example.com", "https://mcp.example.com/mcp", 401),
    ] {
        let server = issuer.setup().env("MCP_OAUTH_RESOURCE", resource).start();
        let token = key.token(&with(issuer.claims("alice"), "aud", json!(audience)));
        assert_eq!(status(&server, &token).await, expected, "{resource} {audience}");
        let url = format!("{}/.well-known/oauth-protected-resource/", server.url);
        let document: Value = server.http.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(document["resource"], resource);
    }
}

#[tokio::test]
async fn server_metadata_is_copied_for_2025_03_26() {
    let issuer = Issuer::start(&[&Key::new("k")]).await;
    let document =
        json!({"issuer": issuer.url, "jwks_uri": format!("{}{JWKS}", issuer.url), "token_endpoint": "/token"});
    issuer.publish(METADATA, &document);
    let server = issuer.setup().start();
    status(&server, &Key::new("k").token(&issuer.claims("alice"))).await;
    let response = server.http.get(format!("{}{METADATA}", server.url)).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap(), document);
}

#[tokio::test]
async fn without_oauth_there_is_no_metadata() {
    let server = Setup::new().token().start();
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource", METADATA] {
        assert_eq!(server.http.get(format!("{}{path}", server.url)).send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn resource_host_is_accepted() {
    let issuer = Issuer::start(&[]).await;
    let server = issuer.setup().start();
    let named = |host: &str| server.http.post(format!("{}/mcp", server.url)).header("host", host).send();
    assert_eq!(named("mcp.example.com").await.unwrap().status(), 401);
    assert_eq!(named("other.example.com").await.unwrap().status(), 403);
}

#[tokio::test]
async fn scopes_are_enforced_by_both_apis() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().env("MCP_OAUTH_READ_SCOPE", "https://api/look").start();
    let scoped = |scope: &str| key.token(&with(issuer.claims("alice"), "scope", json!(scope)));
    let (reader, writer, neither) = (scoped("https://api/look"), scoped("notes:write"), scoped("openid notes:read"));
    let (add, get) = (json!({"session_id": "s", "note": "n"}), json!({"session_id": "s"}));
    let all = r#"scope="https://api/look notes:write""#;
    for (token, tool, arguments, refused) in [
        (&reader, "get_notes", &get, None),
        (&reader, "echo_cached", &json!({"text": "x"}), None),
        (&reader, "add_note", &add, Some(all)),
        (&reader, "reset_session", &get, Some(all)),
        (&reader, "create_session", &json!({}), Some(all)),
        (&writer, "add_note", &add, None),
        (&writer, "reset_session", &get, None),
        (&writer, "get_notes", &get, Some(all)),
        (&neither, "get_notes", &get, Some(all)),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        let batch = json!([{"jsonrpc": "2.0", "id": 0, "method": "ping"}, message]);
        for (path, body) in [("/mcp", message), ("/mcp", batch), ("/mcp/call_tool", call(tool, arguments.clone()))] {
            let request =
                server.post_as(token, path).header("accept", "application/json, text/event-stream").json(&body);
            let response = request.send().await.unwrap();
            let Some(scopes) = refused else {
                assert_eq!(response.status(), 200, "{tool} at {path}");
                continue;
            };
            assert_eq!(response.status(), 403, "{tool} at {path}");
            let challenge = response.headers()["www-authenticate"].to_str().unwrap();
            for part in [r#"error="insufficient_scope""#, scopes, METADATA_URL] {
                assert!(challenge.contains(part), "{tool} at {path}: {challenge}");
            }
        }
    }
    // A token without any scope is rejected before a call. A token with one scope can list all tools.
    assert_eq!(
        server.http.get(format!("{}/mcp/list_tools", server.url)).bearer_auth(&neither).send().await.unwrap().status(),
        403
    );
    for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
        let client = connect_as(&server, &reader, version).await;
        assert_eq!(client.list_all_tools().await.unwrap().len(), 5);
        assert_eq!(text(&tool(&client, "get_notes", get.clone()).await.unwrap()), "[]");
        tool(&client, "add_note", add.clone()).await.unwrap_err();
        assert_eq!(text(&tool(&client, "get_notes", get.clone()).await.unwrap()), "[]");
    }
}

/// The HTTP layer checks scopes by the tool's name in the body. The tools enforce them independently of that layer.
#[test]
fn tools_enforce_grants_themselves() {
    // The stack size of the service's own threads: an unoptimised call overflows the stack of a test thread.
    let work = || process::run(check_grants()).unwrap();
    std::thread::Builder::new().stack_size(8 << 20).spawn(work).unwrap().join().unwrap();
}

async fn check_grants() -> std::io::Result<()> {
    let (config, _) = Config::parse(&Cli::parse_from(["mcp-stateful", "--state-path", ":memory:"]).flags).unwrap();
    let metrics = Arc::new(Metrics::new("test"));
    let store = Store::open(&config.state, fast_path(), metrics.clone()).await.unwrap();
    let catalog = Catalog::built_in(&config.limits).unwrap();
    let tools = Tools::new(catalog, store, &config.limits, metrics);
    for (read, write) in [(true, false), (false, true), (false, false)] {
        let caller = Principal::named("issuer", "alice", Grant { read, write });
        for definition in tools.registry().definitions() {
            let allowed = if ["get_notes", "echo_cached"].contains(&definition.name) { read } else { write };
            // A permitted call fails for its missing arguments instead.
            let deadline = tools.deadline(Instant::now());
            let outcome = tools.call(&caller, definition.name, Map::new(), deadline).await;
            assert_eq!(
                matches!(outcome, Err(ToolError::Forbidden { .. })),
                !allowed,
                "{}: {outcome:?}",
                definition.name
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn token_without_audience_needs_a_listed_client() {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = issuer.setup().env("MCP_OAUTH_CLIENT_IDS", "listed,other").start();
    let cognito = |client: &str, audience: Value| {
        let claims = with(with(issuer.claims("alice"), "aud", audience), "client_id", json!(client));
        key.token(&with(claims, "token_use", json!("access")))
    };
    assert_eq!(status(&server, &cognito("listed", Value::Null)).await, 200);
    assert_eq!(status(&server, &cognito("unlisted", Value::Null)).await, 401);
    // A token with an audience is valid for that audience only, even if its client is listed.
    assert_eq!(status(&server, &cognito("listed", json!("https://other.example"))).await, 401);
}
