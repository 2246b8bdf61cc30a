//! Calls that may be repeated: what an idempotency key is, and the record that a keyed call leaves in the table.
//!
//! A client whose answer got lost sends its request again under another id (MCP 2026-07-28), so the server cannot know a
//! repeat from a second wish. The client's key tells it: under one key a session is changed once, however often, at whichever
//! replica and how much at the same time it is asked.

mod note;
mod reset;

use sha2::{Digest, Sha256};

use super::{
    Store, StoreError,
    item::{Item, get_text, is_visible, key, number, text},
    keys::{EXPIRES_AT, hex, session_pk},
};
use crate::session::Session;

pub use reset::KeyedReset;

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 255;

/// How long a key is remembered, in seconds: 24 hours, or until its session ends.
pub const KEY_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// What was asked for under the key: the same key with another wish is refused.
const REQUEST: &str = "request";

/// The condition under which a record may be written: there is none, or one that is over and not yet removed.
const FREE: &str = "attribute_not_exists(pk) OR expiresAt <= :now";
/// The time in [`FREE`].
const NOW: &str = ":now";

/// The client's name for one call in one session, whatever number of requests it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidKey {
    /// The empty text.
    #[error("`idempotency_key` is empty; leave it out, or pass a new UUID for each new call")]
    Empty,
    /// More than [`MAX_KEY_BYTES`].
    #[error("`idempotency_key` has {0} bytes; the limit is {MAX_KEY_BYTES}, a UUID has 36")]
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

impl std::fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

/// Why a keyed call was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyedError {
    /// The store failed; the same call under the same key finds out what became of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key was used in this session for something else.
    #[error("the idempotency key was used for something else")]
    Reused,
}

impl Store {
    /// The record of a key, if it is remembered. Strongly consistent.
    async fn record(&self, session: &Session, name: &IdempotencyKey) -> Result<Option<Item>, StoreError> {
        let key = key(session_pk(session), record_sk(name));
        let request = self.client.get_item().table_name(self.table()).set_key(Some(key)).consistent_read(true);
        Ok(self.send(request).await?.item.filter(is_visible))
    }
}

/// The item that remembers `request` under a key, as yet without what came of it.
fn new_record(session: &Session, name: &IdempotencyKey, request: &str, now: u64) -> Item {
    let end = session.expires_at().unwrap_or(u64::MAX).min(now + KEY_LIFETIME_SECONDS);
    let mut item = key(session_pk(session), record_sk(name));
    item.insert(REQUEST.to_owned(), text(request));
    item.insert(EXPIRES_AT.to_owned(), number(end));
    item
}

/// Whether a record that was found is one of `request`.
fn same_request(found: &Item, request: &str) -> Result<(), KeyedError> {
    if get_text(found, REQUEST) == Some(request) { Ok(()) } else { Err(KeyedError::Reused) }
}

/// The sort key of a record. Hashed: a key of the client's may have any bytes and be nobody's to read.
fn record_sk(name: &IdempotencyKey) -> String {
    format!("ONCE#{}", hex(&Sha256::digest(&name.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_refused_when_empty_or_over_the_limit() {
        let parsed = |text: &str| IdempotencyKey::try_from(text.to_owned());
        assert_eq!(parsed(""), Err(InvalidKey::Empty));
        assert_eq!(parsed(&"k".repeat(256)), Err(InvalidKey::TooLong(256)));
        assert!(parsed(&"k".repeat(255)).is_ok());
    }
}
