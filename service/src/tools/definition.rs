//! The description of a tool, as clients get it from `tools/list`.

use serde_json::Value;

use crate::principal::Access;

/// The description of a tool.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The name, on both APIs.
    pub name: &'static str,
    /// The title, for people.
    pub title: &'static str,
    /// The description, written for a model.
    pub description: String,
    /// The JSON Schema of the arguments.
    pub input: Value,
    /// The JSON Schema of the structured result.
    pub output: Value,
    /// The effect on the stored state.
    pub effect: Effect,
}

/// The effect of a tool on the stored state. No tool has effects outside of it (MCP: not "open world").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes no note, and at most fills the cache.
    Reads,
    /// Adds. Each call adds again.
    Adds,
    /// Deletes. A repeated call changes nothing more.
    Deletes,
}

impl Effect {
    /// Returns the access that a caller needs.
    pub fn required_access(self) -> Access {
        match self {
            Self::Reads => Access::Read,
            Self::Adds | Self::Deletes => Access::Write,
        }
    }
}
