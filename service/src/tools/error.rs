//! Why a tool call failed, in words for the client: what is wrong, then what to do.

use crate::{
    session::InvalidSession,
    store::{InvalidCursor, StoreError},
};

/// A failed tool call.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// No such tool.
    #[error("unknown tool: {0}; the tools are add_note, get_notes, echo_cached and reset_session")]
    Unknown(String),
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
            Self::Invalid(_) => "invalid",
            Self::Store { kind, .. } => kind.label(),
            Self::Incomplete(_) => "incomplete",
            Self::Internal => "internal",
        }
    }

    /// Makes a [`StoreError`] a tool's error, for `map_err`.
    pub(super) fn store(consequence: &'static str) -> impl FnOnce(StoreError) -> Self {
        move |kind| Self::Store { kind, consequence }
    }
}

impl From<InvalidSession> for ToolError {
    fn from(error: InvalidSession) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<InvalidCursor> for ToolError {
    fn from(error: InvalidCursor) -> Self {
        Self::Invalid(error.to_string())
    }
}
