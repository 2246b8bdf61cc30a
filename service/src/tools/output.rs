//! The result of a tool in the representations that clients read. Each is made on demand, because no client
//! reads all of them.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::{Value, json};

use super::schema::RESULT;

/// The result of a tool.
pub trait ToolOutput: Debug + Send + Sync {
    /// Returns MCP's text content. The first text is the v1 server's result, byte for byte.
    fn texts(&self) -> Vec<String>;

    /// Returns MCP's structured content, as the tool's output schema describes it.
    fn structured(self: Box<Self>) -> Value;

    /// Returns the whole body of the REST response, a JSON text.
    fn rest(&self) -> String;
}

/// A result that every client gets as JSON.
#[derive(Debug)]
pub(super) struct Json(pub(super) Value);

impl ToolOutput for Json {
    /// The JSON text, as MCP recommends beside structured content. A text stays as it is.
    fn texts(&self) -> Vec<String> {
        vec![self.0.as_str().map_or_else(|| self.0.to_string(), str::to_owned)]
    }

    fn structured(self: Box<Self>) -> Value {
        self.0
    }

    fn rest(&self) -> String {
        to_json(&json!({"result": self.0}))
    }
}

/// A result that is not an object, and so is wrapped into one for MCP.
#[derive(Debug)]
pub(super) struct Wrapped(pub(super) Box<dyn ToolOutput>);

impl ToolOutput for Wrapped {
    fn texts(&self) -> Vec<String> {
        self.0.texts()
    }

    fn structured(self: Box<Self>) -> Value {
        json!({RESULT: self.0.structured()})
    }

    fn rest(&self) -> String {
        self.0.rest()
    }
}

/// Serializes a value of texts and numbers, which never fails.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
