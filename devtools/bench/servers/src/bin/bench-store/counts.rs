//! Counts the operations on the store and the capacity units that DynamoDB would bill.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

/// Calls and capacity units by operation. Costs nothing while it is off.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    on: AtomicBool,
    seen: Mutex<BTreeMap<String, (u64, f64)>>,
}

impl Counts {
    /// Clears the counts and turns counting on or off.
    pub(crate) fn begin(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns calls and capacity units: `{"PutItem": [2, 2.0], …}`.
    pub(crate) fn seen(&self) -> BTreeMap<String, (u64, f64)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls `respond` and counts its operation.
    pub(crate) fn counted(&self, target: &str, body: String, respond: impl Fn(&str) -> (u16, String)) -> (u16, String) {
        if !self.on.load(Ordering::Relaxed) {
            return respond(&body);
        }
        let (status, json) = respond(&with_capacity(&body).unwrap_or(body));
        let operation = target.rsplit('.').next().unwrap_or(target).to_owned();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (calls, units) = seen.entry(operation).or_default();
        *calls += 1;
        *units += serde_json::from_str(&json).map_or(0.0, |response: Value| capacity(&response["ConsumedCapacity"]));
        (status, json)
    }
}

fn with_capacity(body: &str) -> Option<String> {
    let mut request: Value = serde_json::from_str(body).ok()?;
    request.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    Some(request.to_string())
}

/// Sums the units of one table or of a list of tables.
fn capacity(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(capacity).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}
