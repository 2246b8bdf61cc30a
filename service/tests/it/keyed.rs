//! Idempotency keys: a client repeats a call whose response was lost.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    dynamodb::{DynamoDb, Fault},
    fresh,
    mcp_client::{ProtocolVersion, connect, text, tool},
    server::Setup,
};

#[tokio::test]
async fn repeated_call_returns_the_first_result_as_replayed() {
    let server = Setup::new().token().start();
    for version in [ProtocolVersion::V2025_11_25, ProtocolVersion::V2026_07_28] {
        let client = connect(&server, version).await;
        let s = fresh("replay");
        let note = json!({"session_id": s, "note": "one", "idempotency_key": "k"});
        for replayed in [false, true, true] {
            let added = tool(&client, "add_note", note.clone()).await.unwrap();
            assert_eq!(text(&added), format!("Note added to {s}."));
            let structured = json!({"message": format!("Note added to {s}."), "replayed": replayed});
            assert_eq!(added.structured_content, Some(structured));
        }
        let reset = json!({"session_id": s, "idempotency_key": "l"});
        for replayed in [false, true] {
            let response = tool(&client, "reset_session", reset.clone()).await.unwrap();
            let structured = response.structured_content.unwrap();
            assert_eq!((&structured["deleted"], &structured["replayed"]), (&json!(1), &json!(replayed)));
        }
        // The REST API shares the keys and reports the replay in its own format.
        let (status, body) = server.call("add_note", note).await;
        assert_eq!((status, body), (200, json!({"result": format!("Note added to {s}."), "replayed": true})));
        assert_eq!(server.notes(&s).await, [""; 0]);
    }
}

#[tokio::test]
async fn reused_key_is_rejected_with_a_reason() {
    let server = Setup::new().token().start();
    let client = connect(&server, ProtocolVersion::V2026_07_28).await;
    let s = fresh("reused");
    tool(&client, "add_note", json!({"session_id": s, "note": "one", "idempotency_key": "k"})).await.unwrap();
    for (name, arguments) in [
        ("add_note", json!({"session_id": s, "note": "another", "idempotency_key": "k"})),
        ("reset_session", json!({"session_id": s, "idempotency_key": "k"})),
    ] {
        let refused = tool(&client, name, arguments).await.unwrap();
        assert_eq!(refused.is_error, Some(true));
        assert!(text(&refused).contains("`idempotency_key` was used in this session for"), "{}", text(&refused));
    }
    assert_eq!(server.notes(&s).await, ["one"]);
    for key in ["k".repeat(256), "é".repeat(128)] {
        let (status, body) =
            server.call("add_note", json!({"session_id": s, "note": "n", "idempotency_key": key})).await;
        assert!(status == 400 && body["error"].as_str().unwrap().contains("`idempotency_key`"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_response_is_recovered_at_another_replica() {
    let dynamodb = DynamoDb::with_table().await;
    let one = Setup::new().token().dynamodb(&dynamodb.endpoint).arg("--store-deadline").arg("1").start();
    let other = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let s = fresh("lost");
    let note = json!({"session_id": s, "note": "one", "idempotency_key": "k"});
    dynamodb.inject("TransactWriteItems", Fault::DoneButSilent.always());
    let (status, body) = one.call("add_note", note.clone()).await;
    let error = body["error"].as_str().unwrap();
    assert!(status == 400 && error.contains("call again with the same `idempotency_key`"), "{error}");
    dynamodb.heal();
    let (status, body) = other.call("add_note", note).await;
    assert_eq!((status, &body["replayed"]), (200, &json!(true)), "{body}");
    assert_eq!(other.notes(&s).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn internal_retry_is_not_a_replay() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let s = fresh("retry");
    dynamodb.inject("TransactWriteItems", Fault::DoneButSilent.times(1));
    let note = json!({"session_id": s, "note": "one", "idempotency_key": "k"});
    let (status, body) = server.call("add_note", note).await;
    assert_eq!((status, &body["replayed"]), (200, &json!(false)), "{body}");
    assert_eq!(server.notes(&s).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_reset_keeps_notes_written_between() {
    let dynamodb = DynamoDb::with_table().await;
    let one = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let other = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let s = fresh("cut");
    for n in 0..60 {
        one.call("add_note", json!({"session_id": s, "note": n.to_string()})).await;
    }
    let reset = json!({"session_id": s, "idempotency_key": "k"});
    dynamodb.inject("BatchWriteItem", Fault::Unprocessed.always());
    let cut_off = one.post("/mcp/call_tool").json(&crate::support::call("reset_session", reset.clone()));
    let cut_off = tokio::spawn(cut_off.send());
    while dynamodb.struck() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cut_off.abort();
    other.call("add_note", json!({"session_id": s, "note": "between"})).await;
    dynamodb.heal();
    for replayed in [false, true] {
        let (status, body) = other.call("reset_session", reset.clone()).await;
        let expected = json!({"result": format!("Deleted 60 notes from {s}."), "replayed": replayed});
        assert_eq!((status, body), (200, expected));
        assert_eq!(one.notes(&s).await, ["between"]);
    }
}
