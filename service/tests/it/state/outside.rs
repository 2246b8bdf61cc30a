//! Keyed calls of tools with an effect outside the table.

use mcp_stateful::store::Scope;
use serde_json::{Value, json};

use super::{Replica, fresh_session, in_time, session, tools::runs};
use crate::support::{dynamodb::DynamoDb, fresh};

struct Payment {
    session: String,
    account: String,
}

impl Payment {
    fn new() -> Self {
        Self { session: fresh_session(), account: fresh("account") }
    }

    fn call(&self, failures: usize, repeatable: bool, key: Option<&str>) -> Value {
        let Self { session, account } = self;
        let mut call =
            json!({"session_id": session, "account": account, "failures": failures, "repeatable": repeatable});
        if let Some(key) = key {
            call["idempotency_key"] = key.into();
        }
        call
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_payment_returns_the_first_receipt() {
    let dynamodb = DynamoDb::with_table().await;
    let (one, other, payment) = (Replica::on(&dynamodb), Replica::on(&dynamodb), Payment::new());
    let call = payment.call(0, false, Some("k"));
    // The second call arrives while the first one pays, and waits for its receipt.
    let (first, second) = in_time(async {
        tokio::join!(one.call("pay", call.clone()), async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            other.call("pay", call.clone()).await
        })
    })
    .await;
    assert_eq!(first.unwrap(), json!({"receipt": "receipt 1", "replayed": false}));
    assert_eq!(second.unwrap(), json!({"receipt": "receipt 1", "replayed": true}));
    assert_eq!(runs(&payment.account), 1);
    // Without a key, every call pays.
    one.call("pay", payment.call(0, false, None)).await.unwrap();
    assert_eq!(runs(&payment.account), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_repeatable_payment_runs_again_at_once() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, payment) = (Replica::on(&dynamodb), Payment::new());
    let call = payment.call(1, true, Some("k"));
    assert_eq!(replica.error("pay", call.clone()).await, "the bank does not respond");
    let paid = in_time(replica.call("pay", call.clone())).await.unwrap();
    assert_eq!(paid, json!({"receipt": "receipt 2", "replayed": false}));
    assert_eq!(replica.call("pay", call).await.unwrap()["replayed"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_payment_of_unknown_outcome_is_reported() {
    let dynamodb = DynamoDb::with_table().await;
    let (replica, payment) = (Replica::on(&dynamodb), Payment::new());
    let call = payment.call(1, false, Some("k"));
    assert_eq!(replica.error("pay", call.clone()).await, "the bank does not respond");
    end_lease(&replica, &payment.session).await;
    let error = replica.error("pay", call).await;
    assert!(error.contains("was interrupted, and its outcome is unknown: check its effect"), "{error}");
    assert_eq!(runs(&payment.account), 1);
}

/// Lets the time pass after which a call counts as stopped.
async fn end_lease(replica: &Replica, session_id: &str) {
    let store = replica.0.store();
    let scope = Scope::from(&session(session_id));
    assert!(scope.to_string().starts_with("session "));
    let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    let query = store.client().query().table_name(store.table());
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :once)");
    let query = query.expression_attribute_values(":pk", text(format!("SESSION#{session_id}")));
    let records = query.expression_attribute_values(":once", text("ONCE#".into())).send().await.unwrap();
    let [record] = records.items() else { panic!("{records:?}") };
    let mut record = record.clone();
    record.insert("lease".into(), aws_sdk_dynamodb::types::AttributeValue::N("1".into()));
    store.client().put_item().table_name(store.table()).set_item(Some(record)).send().await.unwrap();
}
