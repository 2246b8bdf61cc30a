//! The parts that tools with an idempotency key share: the mark of a replayed call.

use serde_json::{Value, json};

use super::output::Rendered;

/// The consequence of a store failure for a keyed call.
pub(super) const UNCERTAIN: &str =
    "the call may have taken effect: call again with the same `idempotency_key` and arguments to be sure; ";

const REPLAYED: &str = "replayed";

/// Returns the JSON Schema of the mark.
pub(super) fn replayed_schema() -> Value {
    let text = "Only with idempotency_key: true if an earlier call with the same key had taken effect, so that this call changed nothing.";
    json!({"type": "boolean", "description": text})
}

/// Marks the output of a keyed call as replayed or not. Leaves the output of other calls unchanged.
pub(super) fn set_replayed(mut output: Rendered, replayed: Option<bool>) -> Rendered {
    if let Some(replayed) = replayed {
        output.structured[REPLAYED] = replayed.into();
        output.rest[REPLAYED] = replayed.into();
    }
    output
}
