//! The reasons for which a call on a state, counter or log fails, as clauses that follow its place.

use super::{
    item::WRITES_KEPT,
    name::MAX_NAME_BYTES,
    transaction::{MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS},
};
use crate::store::StoreError;

/// The reason for which a call on a state, counter, log or idempotency key fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateProblem {
    /// The store failed before it changed anything.
    #[error("{0}; nothing was changed: {remedy}", remedy = .0.remedy())]
    Store(StoreError),
    /// The store may have executed a write whose response was lost.
    #[error("{0}, and the outcome of the write is unknown: read before repeating the call")]
    Unknown(StoreError),
    /// The response of a write was lost, and since then more writes followed than the item remembers.
    #[error(
        "the outcome of the write is unknown, because over {WRITES_KEPT} other writes followed it: read before \
         repeating the call"
    )]
    Overtaken,
    /// Other writers changed the item before each attempt, until the deadline.
    #[error("other calls are changing it; nothing was changed: try again")]
    Contended,
    /// A newer binary wrote the value.
    #[error(
        "it has version {stored}, and this server reads versions up to {readable}; nothing was changed: try again when \
         the newer release serves all calls"
    )]
    Newer {
        /// The version of the stored value.
        stored: u32,
        /// The newest version that the type reads.
        readable: u32,
    },
    /// The stored value does not decode.
    #[error("the stored value does not decode, and was not changed: {0}")]
    Undecodable(String),
    /// The item lacks the attributes that this server writes.
    #[error("the stored item is malformed, and was not changed")]
    Malformed,
    /// The value does not encode as JSON.
    #[error("the value does not encode as JSON: {0}")]
    Unencodable(String),
    /// The item exceeds DynamoDB's limit.
    #[error("it would have {bytes} bytes, and the limit is {limit}: {way_out}")]
    TooLarge {
        /// The size of the item.
        bytes: usize,
        /// The limit.
        limit: usize,
        /// The suggested action.
        way_out: &'static str,
    },
    /// A transaction has too many items.
    #[error(
        "the call changes {0} items, and one transaction holds {MAX_TRANSACTION_ITEMS}: change fewer, or split the call"
    )]
    TooManyItems(usize),
    /// A transaction has too many bytes.
    #[error(
        "the call writes {0} bytes, and one transaction holds {MAX_TRANSACTION_BYTES}: write less, or split the call"
    )]
    TooManyBytes(usize),
    /// The sum does not fit into 64 bits.
    #[error("adding {add} to {value} exceeds the range of 64 bits; nothing was added: use another counter")]
    Overflow {
        /// The current value.
        value: i64,
        /// The number to add.
        add: i64,
    },
    /// An invalid name.
    #[error("invalid name: expected 1 to {MAX_NAME_BYTES} of the characters A-Z, a-z, 0-9, `_`, `.` and `-`")]
    InvalidName,
    /// A cursor that this server did not make for this log.
    #[error("invalid cursor: pass the complete value that the previous page returned, or omit it")]
    InvalidCursor,
    /// The key was used for another call.
    #[error(
        "`idempotency_key` was used for another call; pass a new key for a new call, or the same arguments to repeat \
         one"
    )]
    KeyReused,
    /// An earlier call with the same key has not ended.
    #[error("an earlier call with this `idempotency_key` is in progress: call again with the same key")]
    InProgress,
    /// An earlier call with the same key ended without a result.
    #[error(
        "an earlier call with this `idempotency_key` was interrupted, and its outcome is unknown: check its effect \
         before calling again with a new key"
    )]
    Interrupted,
}

impl StateProblem {
    /// Returns true if the call may succeed when it is repeated unchanged, and has not taken effect.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(kind) => matches!(kind, StoreError::Throttled | StoreError::Unreachable | StoreError::Failed),
            Self::Contended | Self::Newer { .. } | Self::InProgress => true,
            _ => false,
        }
    }

    /// Returns the problem as a metric's label.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Store(kind) => kind.label(),
            Self::Unknown(_) | Self::Overtaken => "outcome_unknown",
            Self::Contended => "contended",
            Self::Newer { .. } => "newer_version",
            Self::Undecodable(_) | Self::Malformed => "undecodable",
            Self::Unencodable(_) => "unencodable",
            Self::TooLarge { .. } | Self::TooManyItems(_) | Self::TooManyBytes(_) => "too_large",
            Self::Overflow { .. } => "overflow",
            Self::InvalidName | Self::InvalidCursor => "invalid",
            Self::KeyReused => "key_reused",
            Self::InProgress => "in_progress",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<StoreError> for StateProblem {
    fn from(kind: StoreError) -> Self {
        Self::Store(kind)
    }
}
