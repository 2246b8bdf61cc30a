//! Tests of the cart, under the failures of its table.

use std::time::Duration;

use mcp_stateful::testing::{Fault, TestServer};
use serde_json::{Value, json};

use super::register;

async fn items(server: &TestServer, session: &str) -> Value {
    server.call("show_cart", json!({"session_id": session})).await.unwrap()["items"].take()
}

#[tokio::test]
async fn concurrent_updates_are_all_kept() {
    let server = TestServer::builder().with(register).replicas(3).start().await;
    let added = server.concurrently(16, 100, "add_item", |_| json!({"session_id": "s", "item": "tea"})).await;
    assert_eq!((added.refused, added.unknown), (vec![], vec![]));
    assert_eq!(items(&server, "s").await, json!({"tea": 100}));
}

#[tokio::test]
async fn update_with_lost_response_applies_once() {
    let server = TestServer::builder().with(register).start().await;
    server.faults().next(1, Fault::WriteThenBreak);
    server.call("add_item", json!({"session_id": "s", "item": "tea"})).await.unwrap();
    server.faults().next(2, Fault::Conflict);
    server.call("add_item", json!({"session_id": "s", "item": "tea"})).await.unwrap();
    assert_eq!((items(&server, "s").await, server.faults().struck()), (json!({"tea": 2}), 3));
}

#[tokio::test]
async fn refused_update_changes_nothing() {
    let server = TestServer::builder().with(register).start().await;
    server.call("add_item", json!({"session_id": "s", "item": "tea", "quantity": 999})).await.unwrap();
    let full = server.call("add_item", json!({"session_id": "s", "item": "tea", "quantity": 2})).await.unwrap_err();
    assert!(full.to_string().contains("at most 1000") && !full.leaves_outcome_unknown(), "{full}");
    assert_eq!(items(&server, "s").await, json!({"tea": 999}));
}

#[tokio::test]
async fn repeated_checkout_places_one_order() {
    let server = TestServer::builder().with(register).replicas(2).start().await;
    let empty = server.call("checkout", json!({"session_id": "s"})).await.unwrap_err();
    assert!(empty.to_string().contains("add an item"), "{empty}");
    server.call("add_item", json!({"session_id": "s", "item": "tea"})).await.unwrap();
    let checkout = json!({"session_id": "s", "idempotency_key": "order-1"});
    // Sixteen clients that each believe that their first call was lost.
    let repeated = server.repeating(Duration::from_secs(10));
    let orders = repeated.concurrently(16, 16, "checkout", move |_| checkout.clone()).await.acknowledged;
    assert_eq!(orders.len(), 16);
    assert!(orders.iter().all(|(_, order)| order["order"]["items"] == json!({"tea": 1})), "{orders:?}");
    assert_eq!(orders.iter().filter(|(_, order)| order["replayed"] == false).count(), 1);
    assert_eq!(items(&server, "s").await, json!({}));
}

#[tokio::test]
async fn carts_of_principals_are_separate() {
    let server = TestServer::builder().with(register).start().await;
    let arguments = json!({"session_id": "s", "item": "tea"});
    server.as_principal("alice").call("add_item", arguments).await.unwrap();
    assert_eq!(items(&server, "s").await, json!({}));
    let removed = server.as_principal("alice").call("remove_item", json!({"session_id": "s", "item": "tea"})).await;
    assert_eq!(removed.unwrap(), json!({"quantity": 1}));
}
