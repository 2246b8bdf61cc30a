//! What the tools that take an idempotency key have in common: how a repeat is told.

use serde_json::{Value, json};

use super::answer::Made;

/// What a failure of the store means for a keyed call.
pub(super) const UNCERTAIN: &str =
    "it may be done or not: call again with the same `idempotency_key` and arguments to be sure; ";

const REPLAYED: &str = "replayed";

/// The JSON Schema of the mark.
pub(super) fn replayed_schema() -> Value {
    let text = "Only with idempotency_key: whether an earlier call with it had done this already, so that this call changed nothing.";
    json!({"type": "boolean", "description": text})
}

/// Marks the answer of a keyed call as a repeat or not; that of any other call stays as it is.
pub(super) fn mark(mut answer: Made, replayed: Option<bool>) -> Made {
    if let Some(replayed) = replayed {
        answer.structured[REPLAYED] = replayed.into();
        answer.rest[REPLAYED] = replayed.into();
    }
    answer
}
