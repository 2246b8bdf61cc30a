//! The result of a tool in the representations that clients read. Each is made on demand, because no client
//! reads all of them.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;

/// The result of a tool.
pub trait ToolOutput: Debug + Send + Sync {
    /// Returns MCP's text content. The first text is the v1 server's result, byte for byte.
    fn texts(&self) -> Vec<String>;

    /// Returns MCP's structured content, as the tool's output schema describes it.
    fn structured(self: Box<Self>) -> Value;

    /// Returns the whole body of the REST response, a JSON text.
    fn rest(&self) -> String;
}

/// A result with all representations made at once, for results that are small or rare.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) structured: Value,
    pub(super) rest: Value,
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

/// Serializes a value of texts and numbers, which never fails.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
