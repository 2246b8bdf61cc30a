//! The results that confirm a change, in the forms of the v1 (Python) server.

use serde::Serialize;
use serde_json::{Value, json};

use super::output::ToolOutput;

/// A result with all representations made at once, for results that are small or rare.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) structured: Value,
    pub(super) rest: Value,
}

impl Rendered {
    /// Renders the confirmation of a call that may be repeated.
    pub(super) fn confirmation(message: String, replayed: Option<bool>, structured: &impl Serialize) -> Self {
        let mut rest = json!({"result": message});
        if let Some(replayed) = replayed {
            rest["replayed"] = replayed.into();
        }
        // Serializing texts, numbers and booleans never fails.
        Self { text: message, structured: serde_json::to_value(structured).unwrap_or_default(), rest }
    }
}

impl ToolOutput for Rendered {
    fn texts(&self) -> Vec<String> {
        vec![self.text.clone()]
    }

    fn structured(self: Box<Self>) -> Value {
        self.structured
    }

    fn rest(&self) -> String {
        self.rest.to_string()
    }
}
