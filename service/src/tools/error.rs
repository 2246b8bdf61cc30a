//! The errors of tool calls. Each text is for the client: the problem, then the next step.

use crate::{
    session::InvalidSession,
    store::{InvalidCursor, InvalidKey, KeyedError, StoreError},
};

/// A failed tool call.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The tool does not exist.
    #[error("unknown tool: {0}; use add_note, get_notes, echo_cached, reset_session or create_session")]
    Unknown(String),
    /// The caller is authenticated, but its token does not permit this tool.
    #[error("the access token does not permit `{tool}`; ask the user for a token with more scopes")]
    Forbidden {
        /// The tool.
        tool: &'static str,
    },
    /// An argument is missing, has the wrong type or exceeds a limit.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error("{kind}; {consequence}{}", .kind.remedy())]
    Store {
        /// The failure.
        kind: StoreError,
        /// The possible effect of the call; empty or ending in "; ".
        consequence: &'static str,
    },
    /// The idempotency key belongs to another call.
    #[error(
        "`idempotency_key` was used in this session for {0}; pass a new key for a new call, or the same arguments to repeat one"
    )]
    KeyReused(&'static str),
    /// The deadline ended the work.
    #[error("{0}")]
    Incomplete(String),
    /// A defect of this server.
    #[error("internal error; the server's log has the cause for its operator")]
    Internal,
}

impl ToolError {
    /// Returns the outcome as a label of metrics and log lines.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown_tool",
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid(_) => "invalid",
            Self::Store { kind, .. } => kind.label(),
            Self::KeyReused(_) => "key_reused",
            Self::Incomplete(_) => "incomplete",
            Self::Internal => "internal",
        }
    }

    /// Converts a [`StoreError`], for `map_err`.
    pub(super) fn store(consequence: &'static str) -> impl FnOnce(StoreError) -> Self {
        move |kind| Self::Store { kind, consequence }
    }

    /// Converts a [`KeyedError`], for `map_err`. `other` names the calls to which the key may belong.
    pub(super) fn keyed(consequence: &'static str, other: &'static str) -> impl FnOnce(KeyedError) -> Self {
        move |error| match error {
            KeyedError::Store(kind) => Self::Store { kind, consequence },
            KeyedError::Reused => Self::KeyReused(other),
        }
    }
}

impl From<InvalidSession> for ToolError {
    fn from(error: InvalidSession) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<InvalidKey> for ToolError {
    fn from(error: InvalidKey) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<InvalidCursor> for ToolError {
    fn from(error: InvalidCursor) -> Self {
        Self::Invalid(error.to_string())
    }
}
