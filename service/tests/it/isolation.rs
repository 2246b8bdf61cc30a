//! Isolation of callers: several callers use the same names through both APIs and both protocol versions.

use aws_sdk_dynamodb::types::AttributeValue;
use mcp_stateful::principal::{Grant, Principal};
use serde_json::json;

use crate::{
    support::{
        dynamodb::{self, DynamoDb},
        fresh,
        issuer::{Issuer, Key},
        mcp_client::{ProtocolVersion, connect_as, text, tool},
        server::{Server, Setup, TOKEN},
    },
    tokens::token_and_entry,
};

/// A caller's name, its token, and the prefix of its items' keys.
type Caller = (&'static str, String, String);

/// Starts a server with all three kinds of token: the shared one, two named ones, two subjects of an issuer.
async fn server_and_callers(setup: impl FnOnce(Setup) -> Setup) -> (Server, Vec<Caller>) {
    let key = Key::new("k");
    let issuer = Issuer::start(&[&key]).await;
    let ((alice, a), (bob, b)) = (token_and_entry("alice"), token_and_entry("bob"));
    let server = setup(issuer.setup().token().env("MCP_AUTH_TOKENS", &format!("{a} {b}"))).start();
    let own =
        |authority: &str, name: &str| format!("USER#{}#", Principal::named(authority, name, Grant::FULL).id().unwrap());
    let callers = vec![
        ("shared", TOKEN.to_owned(), String::new()),
        ("alice", alice, own("token", "alice")),
        ("bob", bob, own("token", "bob")),
        // The same name as a named token, but a different caller.
        ("subject alice", key.token(&issuer.claims("alice")), own(&issuer.url, "alice")),
        ("subject carol", key.token(&issuer.claims("carol")), own(&issuer.url, "carol")),
    ];
    (server, callers)
}

#[tokio::test]
async fn session_name_is_separate_per_caller() {
    let (server, callers) = server_and_callers(|setup| setup).await;
    let session = fresh("one");
    for (name, token, _) in &callers {
        let note = json!({"session_id": session, "note": format!("{name} over REST")});
        assert_eq!(server.call_as(token, "add_note", note).await.0, 200, "{name}");
        for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
            let client = connect_as(&server, token, version).await;
            let note = json!({"session_id": session, "note": format!("{name}, {version:?}")});
            assert_ne!(tool(&client, "add_note", note).await.unwrap().is_error, Some(true), "{name}");
        }
    }
    for (name, token, _) in &callers {
        let own = json!([format!("{name} over REST"), format!("{name}, V2025_11_25"), format!("{name}, V2026_07_28")]);
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": session})).await;
        assert_eq!(body["result"], own, "{name}");
        for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
            let client = connect_as(&server, token, version).await;
            let notes = tool(&client, "get_notes", json!({"session_id": session})).await.unwrap();
            assert_eq!(text(&notes), own.to_string(), "{name}");
        }
    }
    // A reset deletes the notes of its caller only.
    let (first, others) = callers.split_first().unwrap();
    let (_, body) = server.call_as(&first.1, "reset_session", json!({"session_id": session})).await;
    assert_eq!(body["result"], format!("Deleted 3 notes from {session}."));
    for (name, token, _) in others {
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": session})).await;
        assert_eq!(body["result"].as_array().unwrap().len(), 3, "{name}");
    }
}

#[tokio::test]
async fn cursor_works_for_its_caller_only() {
    let (server, callers) = server_and_callers(|setup| setup).await;
    for (_, token, _) in &callers {
        for note in ["one", "two"] {
            server.call_as(token, "add_note", json!({"session_id": "s", "note": note})).await;
        }
    }
    for (name, token, _) in &callers {
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": "s", "limit": 1})).await;
        let rest = json!({"session_id": "s", "cursor": body["nextCursor"]});
        for (other, foreign, _) in &callers {
            let (status, body) = server.call_as(foreign, "get_notes", rest.clone()).await;
            if name == other {
                assert_eq!((status, &body["result"]), (200, &json!(["two"])));
            } else {
                assert_eq!(status, 400, "{other} used the cursor of {name}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn handle_opens_for_its_caller_only() {
    let (server, callers) = server_and_callers(|setup| setup).await;
    for (name, token, _) in &callers {
        let (_, made) = server.call_as(token, "create_session", json!({})).await;
        let note = json!({"session_id": made["result"], "note": format!("of {name}")});
        assert_eq!(server.call_as(token, "add_note", note).await.0, 200, "{name}");
        for (other, foreign, _) in &callers {
            let (status, body) = server.call_as(foreign, "get_notes", json!({"session_id": made["result"]})).await;
            if name == other {
                assert_eq!((status, &body["result"]), (200, &json!([format!("of {name}")])));
            } else {
                assert_eq!(status, 400, "{other} opened {name}'s handle: {body}");
                assert!(body["error"].as_str().unwrap().contains("create_session"), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn idempotency_key_is_separate_per_caller() {
    let (server, callers) = server_and_callers(|setup| setup).await;
    for (name, token, _) in &callers {
        for replayed in [false, true] {
            let note = json!({"session_id": "s", "note": format!("of {name}"), "idempotency_key": "k"});
            let (status, body) = server.call_as(token, "add_note", note).await;
            assert_eq!((status, &body["replayed"]), (200, &json!(replayed)), "{name}: {body}");
        }
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": "s"})).await;
        assert_eq!(body["result"], json!([format!("of {name}")]));
    }
}

#[tokio::test]
async fn cached_result_is_separate_per_caller() {
    let dynamodb = DynamoDb::with_table().await;
    let (server, callers) = server_and_callers(|setup| setup.dynamodb(&dynamodb.endpoint)).await;
    let text = fresh("secret");
    for (name, token, _) in &callers {
        for cached in [false, true] {
            let (_, body) = server.call_as(token, "echo_cached", json!({"text": text})).await;
            assert_eq!(body["result"].as_str().unwrap().starts_with("[cache] "), cached, "{name}: {body}");
        }
    }
}

#[tokio::test]
async fn only_the_shared_token_uses_v1_keys() {
    let dynamodb = DynamoDb::with_table().await;
    let (server, callers) = server_and_callers(|setup| setup.dynamodb(&dynamodb.endpoint)).await;
    for (_, token, _) in &callers {
        server.call_as(token, "add_note", json!({"session_id": "s", "note": "n"})).await;
    }
    let client = dynamodb::client(&dynamodb.endpoint);
    for (name, _, space) in &callers {
        let query = client.query().table_name("mcp_state").key_condition_expression("pk = :pk");
        let found = query.expression_attribute_values(":pk", AttributeValue::S(format!("{space}SESSION#s")));
        assert_eq!(found.send().await.unwrap().count(), 2, "{name}");
    }
}
