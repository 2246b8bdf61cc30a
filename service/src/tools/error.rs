//! The errors of tool calls. Each text is for the client: the problem, then the next step.

use std::error::Error;

use crate::{
    session::InvalidSession,
    store::{InvalidCursor, InvalidKey, KeyedError, StoreError},
    telemetry::targets,
};

/// A failed tool call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ToolError {
    /// The tool does not exist.
    #[error("unknown tool: {tool}; {alternatives}")]
    Unknown {
        /// The requested name.
        tool: String,
        /// The names that exist.
        alternatives: String,
    },
    /// The resource does not exist.
    #[error("no resource has the URI {0}; use one of resources/list or resources/templates/list")]
    NotFound(String),
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
    /// The tool could not do what was asked.
    #[error("{0}")]
    Failed(String),
    /// A defect of this server.
    #[error("internal error; the server's log has the cause for its operator")]
    Internal,
}

impl ToolError {
    /// Rejects an argument. The caller sees the text: name the argument, the problem and the next step.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// Reports a failure that the caller can do something about. The caller sees the text.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// Reports a defect, or a failure that concerns the operator only. Logs the error with its causes. The caller sees
    /// that the call failed, and nothing of the error.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        tracing::error!(target: targets::TOOL_ERROR, error = text, "tool failed");
        Self::Internal
    }

    /// Returns the outcome as a label of metrics and log lines.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_tool",
            Self::NotFound(_) => "not_found",
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid(_) => "invalid",
            Self::Store { kind, .. } => kind.label(),
            Self::KeyReused(_) => "key_reused",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "tool_failed",
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
