//! The description of a tool, as clients get it from `tools/list`.

use std::borrow::Cow;

use serde_json::Value;

use crate::principal::Access;

/// The description of a tool.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The name, on both APIs.
    pub name: &'static str,
    /// The title, for people.
    pub title: Cow<'static, str>,
    /// The description, written for a model.
    pub description: String,
    /// The JSON Schema of the arguments.
    pub input: Value,
    /// The JSON Schema of the structured result.
    pub output: Value,
    /// The effect of a call.
    pub effect: Effect,
    /// A repeated call with the same arguments changes nothing more.
    pub idempotent: bool,
    /// The tool reaches systems outside of this server.
    pub open_world: bool,
}

/// The effects of a tool on stored state, or on systems outside of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing, and at most fills a cache. Requires the read scope.
    Reads,
    /// Adds, and changes nothing that was there. Requires the write scope, as all further effects.
    Adds,
    /// Changes or replaces what was there.
    Writes,
    /// Deletes. A repeated call changes nothing more.
    Deletes,
}

impl Effect {
    /// Returns the access that a caller needs.
    pub const fn required_access(self) -> Access {
        match self {
            Self::Reads => Access::Read,
            Self::Adds | Self::Writes | Self::Deletes => Access::Write,
        }
    }

    /// Returns whether a call may replace or delete what was stored.
    pub const fn is_destructive(self) -> bool {
        matches!(self, Self::Writes | Self::Deletes)
    }

    /// Returns whether a repeated call changes nothing more, unless a tool declares otherwise.
    pub const fn is_idempotent(self) -> bool {
        matches!(self, Self::Reads | Self::Deletes)
    }
}
