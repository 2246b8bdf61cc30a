//! Executed requests as DynamoDB would bill them: calls by operation, and their capacity units.

use std::{collections::BTreeMap, sync::Mutex};

use serde_json::{Value, json};

/// Calls and capacity units by operation.
pub(crate) type Bill = BTreeMap<String, (u32, f64)>;

/// Operations that report their consumed capacity on request.
const BILLED: [&str; 6] = ["BatchWriteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"];

#[derive(Default)]
pub(super) struct Ledger(Mutex<Bill>);

impl Ledger {
    /// Adds the parameter that requests the consumed capacity.
    pub(super) fn ask(operation: &str, body: String) -> String {
        if !BILLED.contains(&operation) {
            return body;
        }
        let mut request: Value = serde_json::from_str(&body).unwrap();
        request["ReturnConsumedCapacity"] = json!("TOTAL");
        request.to_string()
    }

    /// Records a call from its response.
    pub(super) fn enter(&self, operation: &str, response: &str) {
        let response: Value = serde_json::from_str(response).unwrap();
        let mut bill = self.0.lock().unwrap();
        let (calls, units) = bill.entry(operation.to_owned()).or_default();
        *calls += 1;
        *units += capacity(&response["ConsumedCapacity"]);
    }

    /// Returns the recorded bill and clears it.
    pub(super) fn take(&self) -> Bill {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Sums the capacity units of one table, or of a list of tables.
fn capacity(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(capacity).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}
