//! Permissions: the service needs exactly those in its list, and Terraform grants its task exactly those.

use std::collections::BTreeSet;

use mcp_stateful::store::OPERATIONS;
use serde_json::json;

use crate::support::{dynamodb::DynamoDb, server::Setup};

fn listed() -> BTreeSet<String> {
    OPERATIONS.iter().map(|operation| (*operation).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_list_equals_the_operations_used() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 200);
    for (tool, arguments) in [
        ("add_note", json!({"session_id": "s", "note": "n"})),
        ("get_notes", json!({"session_id": "s"})),
        ("echo_cached", json!({"text": "t"})),
        ("reset_session", json!({"session_id": "s"})),
        ("add_note", json!({"session_id": "s", "note": "n", "idempotency_key": "k"})),
        ("reset_session", json!({"session_id": "s", "idempotency_key": "l"})),
        ("create_session", json!({})),
    ] {
        assert_eq!(server.call(tool, arguments).await.0, 200, "{tool}");
    }
    let mut called = dynamodb.operations();
    // DynamoDB checks the permissions of the actions in a transaction. The service's transactions only put items.
    assert!(called.remove("TransactWriteItems"));
    assert_eq!(called, listed());
}

#[test]
fn task_policy_equals_the_operations_list() {
    let policy = include_str!("../../../infra/iam_task.tf");
    let actions = policy.split('"').filter_map(|part| part.strip_prefix("dynamodb:"));
    // The prefix alone is what the check of the tools' statements looks for.
    let actions = actions.filter(|action| !action.is_empty()).map(str::to_owned);
    assert_eq!(actions.collect::<BTreeSet<_>>(), listed());
}
