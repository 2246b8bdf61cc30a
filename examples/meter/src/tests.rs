//! Tests of the meter, under the failures of its table.

use std::time::Duration;

use mcp_stateful::testing::{Fault, TestClient, TestServer};
use serde_json::{Value, json};

use super::register;

fn usage(units: i64) -> Value {
    json!({"meter": "api.calls", "units": units})
}

async fn total(client: &TestClient) -> i64 {
    let usage = client.call("get_usage", json!({"meter": "api.calls"})).await.unwrap();
    usage["units"].as_i64().unwrap()
}

#[tokio::test]
async fn keyed_usage_is_counted_once() {
    let server = TestServer::builder().with(register).replicas(3).start().await;
    server.faults().percent(10, Fault::WriteThenBreak);
    server.faults().percent(10, Fault::Throttle);
    let arguments = |n: usize| json!({"meter": "api.calls", "units": 1, "idempotency_key": n.to_string()});
    let repeating = server.repeating(Duration::from_secs(30));
    let work = repeating.concurrently(16, 100, "record_usage", arguments);
    let kill = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill_replica();
        server.add_replica();
    };
    let (recorded, ()) = tokio::join!(work, kill);
    server.faults().clear();
    assert_eq!((recorded.acknowledged.len(), total(&server).await), (100, 100));
    // Much later, each call is repeated.
    let repeated = server.concurrently(4, 100, "record_usage", arguments).await;
    assert!(repeated.acknowledged.iter().all(|(_, result)| result["replayed"] == true), "{repeated:?}");
    assert_eq!(total(&server).await, 100);
}

#[tokio::test]
async fn unknown_outcome_is_reported_and_not_repeated() {
    let server = TestServer::builder().with(register).start().await;
    server.faults().next(1, Fault::WriteThenBreak);
    let error = server.call("record_usage", usage(5)).await.unwrap_err();
    assert!(error.leaves_outcome_unknown() && error.to_string().contains("read before"), "{error}");
    // It was counted, and not twice.
    assert_eq!(total(&server).await, 5);
}

#[tokio::test]
async fn unkeyed_usage_is_counted_at_most_once() {
    let server = TestServer::builder().with(register).replicas(3).start().await;
    server.faults().percent(10, Fault::WriteThenBreak);
    let recorded = server.concurrently(16, 200, "record_usage", |_| usage(1)).await;
    server.faults().clear();
    let total = usize::try_from(total(&server).await).unwrap();
    assert!(!recorded.unknown.is_empty() && recorded.effects().contains(&total), "{total} of {recorded:?}");
}

#[tokio::test]
async fn rate_is_shared_by_all_replicas() {
    let server = TestServer::builder().with(register).env("UNITS_PER_MINUTE", "10").replicas(3).start().await;
    let recorded = server.concurrently(16, 30, "record_usage", |_| usage(1)).await;
    // A minute may begin during the test.
    let acknowledged = recorded.acknowledged.len();
    assert!((10..=20).contains(&acknowledged), "{recorded:?}");
    assert!(recorded.refused.iter().all(|(_, error)| error.to_string().contains("units a minute")), "{recorded:?}");
    assert_eq!(usize::try_from(total(&server).await), Ok(acknowledged));
}

#[tokio::test]
async fn principals_have_meters_of_their_own() {
    let server = TestServer::builder().with(register).start().await;
    let (alice, bob) = (server.as_principal("alice"), server.as_principal("bob"));
    alice.call("record_usage", usage(3)).await.unwrap();
    assert_eq!((total(&alice).await, total(&bob).await, total(&server).await), (3, 0, 0));
}
