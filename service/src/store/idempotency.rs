//! Calls that may be repeated: idempotency keys, and the record that a keyed call leaves in the table.
//!
//! A client that lost a response repeats its request under another id (MCP 2026-07-28), so the server cannot
//! distinguish a repeat from a new request. The client's key does: a session is changed once per key, whatever the
//! number of requests, replicas and concurrent calls.

mod note;
mod reset;

use sha2::{Digest, Sha256};

use super::{
    Store, StoreError,
    item::{Item, get_text, is_visible, key, number, text},
    keys::{EXPIRES_AT, hex},
    state::Scope,
};
use crate::session::Session;

pub use reset::KeyedReset;

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 255;

/// The lifetime of a key in seconds: 24 hours. It ends earlier with its session.
pub const KEY_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// The attribute with the request made under the key. The same key with another request is rejected.
const REQUEST: &str = "request";

/// The condition for writing a record: there is none, or an expired one that is not yet deleted.
pub(super) const NOT_RECORDED: &str = "attribute_not_exists(pk) OR expiresAt <= :now";
/// The current time in [`NOT_RECORDED`].
pub(super) const NOW: &str = ":now";

/// The client's name for one call in one session, shared by all of the call's requests.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The reasons for which a text is not a valid key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidKey {
    /// The empty text.
    #[error("`idempotency_key` is empty; omit it, or pass a new UUID for each new call")]
    Empty,
    /// More than [`MAX_KEY_BYTES`].
    #[error("`idempotency_key` has {0} bytes; the limit is {MAX_KEY_BYTES}, so pass a UUID")]
    TooLong(usize),
}

impl TryFrom<String> for IdempotencyKey {
    type Error = InvalidKey;

    fn try_from(key: String) -> Result<Self, InvalidKey> {
        match key.len() {
            0 => Err(InvalidKey::Empty),
            1..=MAX_KEY_BYTES => Ok(Self(key)),
            bytes => Err(InvalidKey::TooLong(bytes)),
        }
    }
}

impl IdempotencyKey {
    /// Returns a key for a call that has none, by which the server recognizes its own repeated requests.
    pub(super) fn for_call(id: &str) -> Self {
        Self(format!("call {id}"))
    }
}

impl std::fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

/// The reasons for which a keyed call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyedError {
    /// The store failed. Repeating the call under the same key completes it or returns its result.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key was used in this session for another request.
    #[error("the idempotency key was used for another request")]
    Reused,
}

impl Store {
    /// Returns the unexpired record of a key. Strongly consistent.
    async fn record(&self, session: &Session, name: &IdempotencyKey) -> Result<Option<Item>, StoreError> {
        let key = key(Scope::from(session).pk().to_owned(), record_sk(name));
        let request = self.client.get_item().table_name(self.table()).set_key(Some(key)).consistent_read(true);
        Ok(self.send(request).await?.item.filter(is_visible))
    }
}

/// Builds the record of `request` under a key, without a result.
pub(super) fn new_record(scope: &Scope, name: &IdempotencyKey, request: &str, now: u64) -> Item {
    let end = scope.expires_at().unwrap_or(u64::MAX).min(now + KEY_LIFETIME_SECONDS);
    let mut item = key(scope.pk().to_owned(), record_sk(name));
    item.insert(REQUEST.to_owned(), text(request));
    item.insert(EXPIRES_AT.to_owned(), number(end));
    item
}

/// Checks that a record is one of `request`.
pub(super) fn check_request(record: &Item, request: &str) -> Result<(), KeyedError> {
    if get_text(record, REQUEST) == Some(request) { Ok(()) } else { Err(KeyedError::Reused) }
}

/// Returns the sort key of a record. The client's key is hashed because it may be any text, and confidential.
pub(super) fn record_sk(name: &IdempotencyKey) -> String {
    format!("ONCE#{}", hex(&Sha256::digest(&name.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_or_too_long_key_is_rejected() {
        let parsed = |text: &str| IdempotencyKey::try_from(text.to_owned());
        assert_eq!(parsed(""), Err(InvalidKey::Empty));
        assert_eq!(parsed(&"k".repeat(256)), Err(InvalidKey::TooLong(256)));
        assert!(parsed(&"k".repeat(255)).is_ok());
    }
}
