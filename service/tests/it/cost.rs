//! The DynamoDB cost of a call of each tool: requests, and the capacity units that AWS bills for them.
//!
//! Any change of a tool's cost requires a change here.

use serde_json::{Value, json};

use crate::support::{
    dynamodb::{Bill, DynamoDb},
    server::Setup,
};

fn bill(operations: &[(&str, u32, f64)]) -> Bill {
    operations.iter().map(|(operation, calls, units)| ((*operation).to_owned(), (*calls, *units))).collect()
}

fn keyed(tool: &'static str, mut arguments: Value, key: &str) -> (&'static str, Value) {
    arguments["idempotency_key"] = json!(key);
    (tool, arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_has_its_known_cost() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let note = json!({"session_id": "s", "note": "a note of the usual length, which is that of a sentence"});
    let (session, text) = (json!({"session_id": "s"}), json!({"text": "t"}));
    // The calls below read and delete these notes. The first note also creates the session's item.
    for _ in 0..47 {
        assert_eq!(server.call("add_note", note.clone()).await.0, 200);
    }
    dynamodb.bill();
    let keyed_note = keyed("add_note", note.clone(), "k");
    let keyed_reset = keyed("reset_session", session.clone(), "l");
    let reset = bill(&[("BatchWriteItem", 2, 49.0), ("GetItem", 1, 1.0), ("PutItem", 2, 2.0), ("Query", 3, 5.0)]);
    for (case, (tool, arguments), operations) in [
        ("a note", ("add_note", note.clone()), bill(&[("PutItem", 1, 1.0), ("UpdateItem", 1, 1.0)])),
        ("a note with a key", keyed_note.clone(), bill(&[("TransactWriteItems", 1, 4.0), ("UpdateItem", 1, 1.0)])),
        // The engine reports no capacity for a rejected transaction, although AWS bills it.
        ("the repeated note", keyed_note, bill(&[("TransactWriteItems", 1, 0.0), ("UpdateItem", 1, 1.0)])),
        // Strongly consistent: a unit for each 4 KB begun.
        ("49 notes read", ("get_notes", session.clone()), bill(&[("Query", 1, 2.0)])),
        ("an echo", ("echo_cached", text.clone()), bill(&[("GetItem", 1, 0.5), ("PutItem", 1, 1.0)])),
        ("the same echo", ("echo_cached", text.clone()), bill(&[])),
        ("a session", ("create_session", json!({})), bill(&[])),
        ("a reset of 49 notes with a key", keyed_reset.clone(), reset),
        ("the repeated reset", keyed_reset, bill(&[("GetItem", 1, 1.0)])),
        // One Query for notes, and one for states, counters and logs.
        ("a reset of nothing", ("reset_session", session.clone()), bill(&[("Query", 2, 2.0)])),
        ("a rejected call", ("add_note", session), bill(&[])),
    ] {
        let (status, body) = server.call(tool, arguments).await;
        assert_eq!(status, if case == "a rejected call" { 400 } else { 200 }, "{case}: {body}");
        assert_eq!(dynamodb.bill(), operations, "{case}");
    }
}

mod state;
