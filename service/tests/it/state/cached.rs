//! Cached results of tools.

use futures_util::future::join_all;
use mcp_stateful::principal::{Grant, Principal};
use serde_json::json;

use super::{Replica, in_time, tools::runs};
use crate::support::{dynamodb::DynamoDb, fresh};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_a_result_and_callers_do_not() {
    let dynamodb = DynamoDb::with_table().await;
    let (one, other, question) = (Replica::on(&dynamodb), Replica::on(&dynamodb), fresh("question"));
    let asked = json!({"question": question});
    let first = one.call("answer", asked.clone()).await.unwrap();
    assert_eq!(first, json!({"answer": "1 by answer", "hit": false}));
    for replica in [&one, &other] {
        let again = replica.call("answer", asked.clone()).await.unwrap();
        assert_eq!(again, json!({"answer": "1 by answer", "hit": true}));
    }
    // Another tool and another principal compute their own.
    assert_eq!(one.call("other_answer", asked.clone()).await.unwrap()["answer"], "2 by other_answer");
    let alice = Principal::named("token", "alice", Grant::FULL);
    assert_eq!(one.call_as(&alice, "answer", asked.clone()).await.unwrap()["answer"], "3 by answer");
    assert_eq!(other.call_as(&alice, "answer", asked).await.unwrap()["answer"], "3 by answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_callers_share_one_computation() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, question) = (Replica::on(&dynamodb), fresh("question"));
    let calls = (0..16).map(|_| replica.call("answer", json!({"question": question})));
    let answers = in_time(join_all(calls)).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap()["answer"] == "1 by answer"));
    assert_eq!(runs(&question), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failure_is_shared_and_not_kept() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, question) = (Replica::on(&dynamodb), fresh("question"));
    let asked = json!({"question": question, "fails": true});
    let calls = (0..8).map(|_| replica.call("answer", asked.clone()));
    for failed in in_time(join_all(calls)).await {
        assert_eq!(failed.unwrap_err().to_string(), "the oracle is silent");
    }
    assert_eq!(runs(&question), 1);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(replica.call("answer", asked).await.unwrap()["answer"], "2 by answer");
}
