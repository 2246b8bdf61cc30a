//! Why a tool call failed, in words for the client: what is wrong, then what to do.

use crate::{
    session::InvalidSession,
    store::{InvalidCursor, InvalidKey, KeyedError, StoreError},
};

/// A failed tool call.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// No such tool.
    #[error("unknown tool: {0}; the tools are add_note, get_notes, echo_cached, reset_session and create_session")]
    Unknown(String),
    /// The caller is known and may not do this.
    #[error(
        "{tool} is not allowed to this caller: its access token does not cover it; ask the user for a token with more scopes"
    )]
    Forbidden {
        /// What was called.
        tool: &'static str,
    },
    /// An argument that is missing, of the wrong type or over a limit.
    #[error("{0}")]
    Invalid(String),
    /// The store failed; `consequence` says what that means for what was asked.
    #[error("{kind}; {consequence}{}", .kind.remedy())]
    Store {
        /// What failed.
        kind: StoreError,
        /// What may have happened all the same; ends in "; " unless it is empty.
        consequence: &'static str,
    },
    /// An idempotency key that stands for another call.
    #[error(
        "`idempotency_key` was used in this session for {0}; a new call takes a new key, a repeat the same arguments"
    )]
    KeyReused(&'static str),
    /// The work was cut off by its deadline.
    #[error("{0}")]
    Incomplete(String),
    /// A defect of this server.
    #[error("internal error; the operator finds the cause in the server's log")]
    Internal,
}

impl ToolError {
    /// The outcome as a metric's and a span's label.
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

    /// Makes a [`StoreError`] a tool's error, for `map_err`.
    pub(super) fn store(consequence: &'static str) -> impl FnOnce(StoreError) -> Self {
        move |kind| Self::Store { kind, consequence }
    }

    /// Makes a [`KeyedError`] a tool's error, for `map_err`. `other` is what else the key may stand for.
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
