//! What a tool answers, in the shapes that clients read. A shape is made when it is asked for: no client reads all of them.

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;

/// A tool's result.
pub trait Answer: Debug + Send + Sync {
    /// MCP's text content. The first is the result as the original gave it, byte for byte.
    fn texts(&self) -> Vec<String>;

    /// MCP's structured content, as the tool's output schema says.
    fn structured(self: Box<Self>) -> Value;

    /// The REST route's whole answer, a JSON text.
    fn rest(&self) -> String;
}

/// An answer that is small or seldom, and so made in all its shapes at once.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) text: String,
    pub(super) structured: Value,
    pub(super) rest: Value,
}

impl Answer for Made {
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

/// What is made of texts and numbers alone, and so always JSON.
pub(super) fn json_text(of_texts: &impl Serialize) -> String {
    serde_json::to_string(of_texts).unwrap_or_default()
}
