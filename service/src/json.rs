//! The rules of JSON that more than one module applies, and the one reading of request bodies.
//!
//! Admission, both APIs and the tools read a body through [`read`] or [`UniqueObject`], so none of them can
//! understand it differently from the others.

mod fault;
mod unique;

use serde_json::Value;

pub(crate) use fault::{Fault, FaultKind};
pub(crate) use unique::{UniqueObject, UniqueValue, object_only};

/// Parses a JSON text. Rejects an object that repeats a key, which RFC 8259, section 4 leaves undefined: of two
/// programs that read such an object, one may check the first value and the other use the last.
pub(crate) fn read(text: &[u8]) -> Result<Value, Fault> {
    match serde_json::from_slice(text) {
        Ok(UniqueValue(value)) => Ok(value),
        Err(error) => Err(Fault::find(text, &error)),
    }
}

/// Returns the type of a value with its article, for messages.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Returns whether a text can stand between quotation marks without escapes (RFC 8259, section 7).
///
/// Most texts can. Counting instead of searching lets the compiler check many bytes at once.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).count() == 0
}
