//! The forms that the input schemas of several tools share.

use serde_json::{Value, json};

use crate::{session::MAX_SESSION_ID_BYTES, store::MAX_KEY_BYTES};

/// Returns the schema of an optional argument: a value of `kind`, `null`, or the empty value `default`, both of which
/// stand for no argument.
///
/// `null` is an alternative (`anyOf`) and not a second type (`"type": ["string", "null"]`), which the function
/// declarations of Gemini's API reject. Clients that strictly follow the schema can always send `default`.
pub(super) fn optional(kind: &Value, default: impl Into<Value>, description: &str) -> Value {
    json!({"anyOf": [kind, {"type": "null"}], "default": default.into(), "description": description})
}

/// Returns the schema of `session_id`.
pub(super) fn session_id(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": MAX_SESSION_ID_BYTES, "description": description})
}

/// Returns the schema of `idempotency_key`. `effect` describes a repeated call.
pub(super) fn idempotency_key(effect: &str) -> Value {
    let description = format!(
        "A unique name of this call, preferably a UUID, remembered for 24 hours. At most {MAX_KEY_BYTES} bytes. {effect}"
    );
    optional(&json!({"type": "string", "maxLength": MAX_KEY_BYTES}), "", &description)
}
