//! What was asked of the store while counting was on: operations, and the capacity that DynamoDB would bill.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

/// Calls and capacity by operation. Off, it costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    on: AtomicBool,
    seen: Mutex<BTreeMap<String, (u64, f64)>>,
}

impl Counts {
    /// Forgets what was seen, and counts from now on, or not.
    pub(crate) fn begin(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// `{"PutItem": [2, 2.0], …}`: calls and capacity units.
    pub(crate) fn seen(&self) -> BTreeMap<String, (u64, f64)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets `respond` answer, and counts what that took.
    pub(crate) fn counted(&self, target: &str, body: String, respond: impl Fn(&str) -> (u16, String)) -> (u16, String) {
        if !self.on.load(Ordering::Relaxed) {
            return respond(&body);
        }
        let (status, json) = respond(&with_capacity(&body).unwrap_or(body));
        let operation = target.rsplit('.').next().unwrap_or(target).to_owned();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (calls, units) = seen.entry(operation).or_default();
        *calls += 1;
        *units += serde_json::from_str(&json).map_or(0.0, |answer: Value| capacity(&answer["ConsumedCapacity"]));
        (status, json)
    }
}

fn with_capacity(body: &str) -> Option<String> {
    let mut request: Value = serde_json::from_str(body).ok()?;
    request.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    Some(request.to_string())
}

/// One table's, or a list of them.
fn capacity(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(capacity).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or(0.0),
    }
}
