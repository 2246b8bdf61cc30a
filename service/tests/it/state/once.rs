//! Keyed calls of tools: replay, other arguments, conflicts, lost responses.

use futures_util::future::join_all;
use mcp_stateful::principal::{Grant, Principal};
use serde_json::{Value, json};

use super::{Replica, fresh_session, in_time, session};
use crate::support::{
    dynamodb::{DynamoDb, Fault},
    fresh,
};

fn add(session: &str, sku: &str, key: &str) -> Value {
    json!({"session_id": session, "sku": sku, "idempotency_key": key})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_call_returns_the_first_result() {
    let dynamodb = DynamoDb::with_table().await;
    let (one, other, session) = (Replica::on(&dynamodb), Replica::on(&dynamodb), fresh_session());
    let first = one.call("add_item", add(&session, "tea", "k")).await.unwrap();
    assert_eq!(first, json!({"quantity": 1, "replayed": false}));
    one.call("add_item", add(&session, "tea", "l")).await.unwrap();
    let repeat = other.call("add_item", add(&session, "tea", "k")).await.unwrap();
    assert_eq!(repeat, json!({"quantity": 1, "replayed": true}));
    // The order of the arguments does not matter.
    let same = json!({"idempotency_key": "k", "sku": "tea", "session_id": session});
    assert_eq!(other.call("add_item", same).await.unwrap()["replayed"], json!(true));
    assert_eq!(one.cart(&session).await, json!({"total": 2, "counted": 2, "history": ["tea", "tea"]}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_with_other_arguments_is_refused() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, session) = (Replica::on(&dynamodb), fresh_session());
    replica.call("add_item", add(&session, "tea", "k")).await.unwrap();
    let error = replica.error("add_item", add(&session, "milk", "k")).await;
    assert!(
        error.starts_with("`idempotency_key` was used in this session for another call; pass a new key"),
        "{error}"
    );
    let pay = json!({"session_id": session, "account": "x", "failures": 0, "repeatable": true, "idempotency_key": "k"});
    assert_eq!(replica.error("pay", pay).await, error);
    assert_eq!(replica.cart(&session).await["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_call_writes_nothing_and_runs_again() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, session) = (Replica::on(&dynamodb), fresh_session());
    for n in 0..40 {
        replica.call("add_item", add(&session, "tea", &n.to_string())).await.unwrap();
    }
    assert_eq!(replica.error("add_item", add(&session, "tea", "k")).await, "the cart is full");
    assert_eq!(replica.cart(&session).await["counted"], 40);
    // The last accepted call would fail by now. Its repetition returns its result.
    let repeat = replica.call("add_item", add(&session, "tea", "39")).await.unwrap();
    assert_eq!(repeat, json!({"quantity": 40, "replayed": true}));
    replica.call("reset_cart", json!({"session_id": session})).await.unwrap();
    assert_eq!(replica.call("add_item", add(&session, "tea", "k")).await.unwrap()["quantity"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_repetitions_take_effect_once() {
    let dynamodb = DynamoDb::with_table().await;
    let replicas = [Replica::on(&dynamodb), Replica::on(&dynamodb)];
    let session = fresh_session();
    let calls = (0..12).map(|n| replicas[n % 2].call("add_item", add(&session, "tea", "k")));
    let results = in_time(join_all(calls)).await;
    let first = results.iter().filter(|result| result.as_ref().unwrap()["replayed"] == false).count();
    assert!(results.iter().all(|result| result.as_ref().unwrap()["quantity"] == 1));
    assert_eq!((first, replicas[0].cart(&session).await["total"].clone()), (1, json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicting_calls_all_take_effect() {
    let dynamodb = DynamoDb::with_table().await;
    let replicas = [Replica::on(&dynamodb), Replica::on(&dynamodb), Replica::on(&dynamodb)];
    let session = fresh_session();
    dynamodb.inject("TransactWriteItems", Fault::DoneButCut.percent(10));
    dynamodb.inject("TransactWriteItems", Fault::Throttle.percent(10));
    let calls = (0..32_usize).map(|client| {
        let (replica, session) = (replicas[client % 3].clone(), session.clone());
        tokio::spawn(async move { replica.call("add_item", json!({"session_id": session, "sku": "tea"})).await })
    });
    let results = in_time(join_all(calls)).await;
    dynamodb.heal();
    let mut quantities: Vec<u64> =
        results.into_iter().map(|result| result.unwrap().unwrap()["quantity"].as_u64().unwrap()).collect();
    quantities.sort_unstable();
    assert_eq!(quantities, (1..=32).collect::<Vec<_>>(), "each call has seen all before it");
    let cart = replicas[0].cart(&session).await;
    assert_eq!((&cart["total"], &cart["counted"]), (&json!(32), &json!(32)));
    assert_eq!(cart["history"].as_array().unwrap().len(), 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_spans_sessions_and_reads_its_writes() {
    let dynamodb = DynamoDb::with_table().await;
    let replica = Replica::on(&dynamodb);
    let (from, to) = (fresh_session(), fresh_session());
    for key in ["a", "b", "c"] {
        replica.call("add_item", add(&from, "tea", key)).await.unwrap();
    }
    replica.call("add_item", add(&to, "milk", "d")).await.unwrap();
    let moved = replica.call("move_items", json!({"from": from, "to": to})).await.unwrap();
    assert_eq!(moved["total"], 3);
    assert_eq!(replica.cart(&from).await["total"], 0);
    let cart = replica.cart(&to).await;
    assert_eq!((&cart["total"], &cart["counted"]), (&json!(4), &json!(4)));
    let notes = replica.0.store().notes(&session(&to), Default::default()).await.unwrap().notes;
    assert_eq!(notes, ["3 items moved"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_belongs_to_its_principal() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, session) = (Replica::on(&dynamodb), fresh_session());
    for name in ["alice", "bob"] {
        let principal = Principal::named("token", &fresh(name), Grant::FULL);
        let added = replica.call_as(&principal, "add_item", add(&session, "tea", "k")).await.unwrap();
        assert_eq!(added, json!({"quantity": 1, "replayed": false}), "{name}");
    }
}
