//! What was carried out, as DynamoDB would bill it: calls by operation, and their capacity units.

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::{Value, json};

/// Calls and capacity units by operation.
pub(crate) type Bill = BTreeMap<String, (u32, f64)>;

/// Operations that tell what they consumed, if they are asked.
const BILLED: [&str; 6] = ["BatchWriteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"];

#[derive(Default)]
pub(super) struct Ledger(Mutex<Bill>);

impl Ledger {
    /// The request, with the question for what it consumes.
    pub(super) fn ask(operation: &str, body: String) -> String {
        if !BILLED.contains(&operation) {
            return body;
        }
        let mut request: Value = serde_json::from_str(&body).unwrap();
        request["ReturnConsumedCapacity"] = json!("TOTAL");
        request.to_string()
    }

    /// Enters a call that was answered so.
    pub(super) fn enter(&self, operation: &str, answer: &str) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        let mut bill = self.0.lock().unwrap();
        let (calls, units) = bill.entry(operation.to_owned()).or_default();
        *calls += 1;
        *units += capacity(&answer["ConsumedCapacity"]);
    }

    /// What there is on it; it begins anew.
    pub(super) fn take(&self) -> Bill {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// One table's, or a list of them.
fn capacity(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(capacity).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}
