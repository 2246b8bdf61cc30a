//! Nobody sees anybody else's: two callers use one name for everything, on both surfaces and in both eras.

use aws_sdk_dynamodb::types::AttributeValue;
use mcp_stateful::principal::{Grant, Principal};
use serde_json::json;

use crate::{
    support::{
        dynamodb::{self, DynamoDb},
        fresh,
        issuer::{Issuer, Key},
        mcp_client::{Era, connect_as, text, tool},
        server::{Server, Setup, TOKEN},
    },
    tokens::token_and_entry,
};

/// Who calls, with which token, and what the keys of its items begin with.
type Caller = (&'static str, String, String);

/// A server with all three ways in; the shared token, two named ones, two subjects of one issuer.
async fn everybody(setup: impl FnOnce(Setup) -> Setup) -> (Server, Vec<Caller>) {
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
        // The name of a named token, and not the same caller.
        ("subject alice", key.token(&issuer.claims("alice")), own(&issuer.url, "alice")),
        ("subject carol", key.token(&issuer.claims("carol")), own(&issuer.url, "carol")),
    ];
    (server, callers)
}

#[tokio::test]
async fn one_name_is_another_session_for_each_caller() {
    let (server, callers) = everybody(|setup| setup).await;
    let session = fresh("one");
    for (who, token, _) in &callers {
        let note = json!({"session_id": session, "note": format!("{who} over REST")});
        assert_eq!(server.call_as(token, "add_note", note).await.0, 200, "{who}");
        for era in [Era::Legacy, Era::Modern] {
            let client = connect_as(&server, token, era).await;
            let note = json!({"session_id": session, "note": format!("{who}, {era:?}")});
            assert_ne!(tool(&client, "add_note", note).await.unwrap().is_error, Some(true), "{who}");
        }
    }
    for (who, token, _) in &callers {
        let own = json!([format!("{who} over REST"), format!("{who}, Legacy"), format!("{who}, Modern")]);
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": session})).await;
        assert_eq!(body["result"], own, "{who}");
        for era in [Era::Legacy, Era::Modern] {
            let client = connect_as(&server, token, era).await;
            let notes = tool(&client, "get_notes", json!({"session_id": session})).await.unwrap();
            assert_eq!(text(&notes), own.to_string(), "{who}");
        }
    }
    // What one deletes is gone for that one.
    let (first, others) = callers.split_first().unwrap();
    let (_, body) = server.call_as(&first.1, "reset_session", json!({"session_id": session})).await;
    assert_eq!(body["result"], format!("Deleted 3 notes from {session}."));
    for (who, token, _) in others {
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": session})).await;
        assert_eq!(body["result"].as_array().unwrap().len(), 3, "{who}");
    }
}

#[tokio::test]
async fn a_cursor_is_its_caller_s_alone() {
    let (server, callers) = everybody(|setup| setup).await;
    for (_, token, _) in &callers {
        for note in ["one", "two"] {
            server.call_as(token, "add_note", json!({"session_id": "s", "note": note})).await;
        }
    }
    for (who, token, _) in &callers {
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": "s", "limit": 1})).await;
        let rest = json!({"session_id": "s", "cursor": body["nextCursor"]});
        for (other, foreign, _) in &callers {
            let (status, body) = server.call_as(foreign, "get_notes", rest.clone()).await;
            if who == other {
                assert_eq!((status, &body["result"]), (200, &json!(["two"])));
            } else {
                assert_eq!(status, 400, "{other} read on where {who} stood: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_handle_opens_for_its_caller_alone() {
    let (server, callers) = everybody(|setup| setup).await;
    for (who, token, _) in &callers {
        let (_, made) = server.call_as(token, "create_session", json!({})).await;
        let note = json!({"session_id": made["result"], "note": format!("of {who}")});
        assert_eq!(server.call_as(token, "add_note", note).await.0, 200, "{who}");
        for (other, foreign, _) in &callers {
            let (status, body) = server.call_as(foreign, "get_notes", json!({"session_id": made["result"]})).await;
            if who == other {
                assert_eq!((status, &body["result"]), (200, &json!([format!("of {who}")])));
            } else {
                assert_eq!(status, 400, "{other} opened {who}'s handle: {body}");
                assert!(body["error"].as_str().unwrap().contains("create_session"), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn one_idempotency_key_is_another_for_each_caller() {
    let (server, callers) = everybody(|setup| setup).await;
    for (who, token, _) in &callers {
        for replayed in [false, true] {
            let note = json!({"session_id": "s", "note": format!("of {who}"), "idempotency_key": "k"});
            let (status, body) = server.call_as(token, "add_note", note).await;
            assert_eq!((status, &body["replayed"]), (200, &json!(replayed)), "{who}: {body}");
        }
        let (_, body) = server.call_as(token, "get_notes", json!({"session_id": "s"})).await;
        assert_eq!(body["result"], json!([format!("of {who}")]));
    }
}

#[tokio::test]
async fn what_one_caller_computed_is_no_other_s_cached_result() {
    let dynamodb = DynamoDb::with_table().await;
    let (server, callers) = everybody(|setup| setup.dynamodb(&dynamodb.endpoint)).await;
    let text = fresh("secret");
    for (who, token, _) in &callers {
        for cached in [false, true] {
            let (_, body) = server.call_as(token, "echo_cached", json!({"text": text})).await;
            assert_eq!(body["result"].as_str().unwrap().starts_with("[cache] "), cached, "{who}: {body}");
        }
    }
}

#[tokio::test]
async fn the_shared_token_s_items_have_the_original_s_keys_and_no_other_s_do() {
    let dynamodb = DynamoDb::with_table().await;
    let (server, callers) = everybody(|setup| setup.dynamodb(&dynamodb.endpoint)).await;
    for (_, token, _) in &callers {
        server.call_as(token, "add_note", json!({"session_id": "s", "note": "n"})).await;
        server.call_as(token, "echo_cached", json!({"text": "t"})).await;
    }
    let client = dynamodb::client(&dynamodb.endpoint);
    for (who, _, space) in &callers {
        for (partition, items) in [("SESSION#s", 2), ("TOOL#echo_cached", 1)] {
            let query = client.query().table_name("mcp_state").key_condition_expression("pk = :pk");
            let found = query.expression_attribute_values(":pk", AttributeValue::S(format!("{space}{partition}")));
            assert_eq!(found.send().await.unwrap().count(), items, "{who}: {partition}");
        }
    }
}
