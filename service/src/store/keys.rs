//! The table's keys: how sessions, notes and cache entries are named, and the cursor made of a note's key.
//!
//! A note of the original system has the sort key `NOTE#<epoch seconds>`. Ours is `NOTE#v2#<UUIDv7>`: unique, in order of
//! time, and behind every old one, because `v` sorts after all digits.

use std::sync::{LazyLock, Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::{principal::Principal, session::Session};

/// The hash key's attribute.
pub(super) const PK: &str = "pk";
/// The range key's attribute.
pub(super) const SK: &str = "sk";
/// The attribute that DynamoDB's TTL reads, in epoch seconds.
pub(super) const EXPIRES_AT: &str = "expiresAt";
/// The sort key of a session's own item.
pub(super) const META: &str = "META";
/// What every note's sort key begins with.
pub(super) const NOTE_PREFIX: &str = "NOTE#";

/// The partition of a session.
pub(super) fn session_pk(session: &Session) -> String {
    format!("{}SESSION#{}", space(session.principal()), session.id())
}

/// What a principal's partitions begin with. The shared one has the original's, which begin with another word.
fn space(principal: &Principal) -> String {
    principal.id().map_or_else(String::new, |id| format!("USER#{id}#"))
}

/// A new note's sort key, greater than any that this process made before.
///
/// Its time is precise to a quarter of a microsecond, so between two replicas the order of notes is as good as the
/// hosts' clocks; below that it carries 62 random bits, so that no two are equal.
pub(super) fn new_note_sk() -> String {
    static ORDER: LazyLock<Mutex<ContextV7>> =
        LazyLock::new(|| Mutex::new(ContextV7::new().with_additional_precision()));
    format!("{NOTE_PREFIX}v2#{}", Uuid::new_v7(Timestamp::now(&*ORDER)).as_hyphenated())
}

/// The partition of a principal's results of a tool.
pub(super) fn tool_pk(principal: &Principal, tool: &str) -> String {
    format!("{}TOOL#{tool}", space(principal))
}

/// A cache entry's sort key: 64 bits of its key's hash. The entry keeps the whole key, and is used only if that is equal.
pub(super) fn cache_sk(key: &str) -> String {
    format!("KEY#{}", hex(&Sha256::digest(key.as_bytes())[..8]))
}

/// A cursor that was not made for the session it is used with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`cursor` is not one that get_notes returned for this session; leave it out to read from the first note")]
pub struct InvalidCursor;

/// The text that continues reading `session` after the note at `sk`.
pub(super) fn encode_cursor(session: &Session, sk: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{}", session_check(session), &sk[NOTE_PREFIX.len()..]))
}

/// The sort key in a cursor. The session's check makes a cursor of another session an error instead of a silent gap.
pub(super) fn decode_cursor(session: &Session, cursor: &str) -> Result<String, InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
    let rest = text.strip_prefix(&session_check(session)).ok_or(InvalidCursor)?;
    // A sort key holds 1,024 bytes at the most; nothing we made comes near.
    if rest.is_empty() || rest.len() > 512 {
        return Err(InvalidCursor);
    }
    Ok(format!("{NOTE_PREFIX}{rest}"))
}

fn session_check(session: &Session) -> String {
    hex(&Sha256::digest(format!("cursor\0{}", session_pk(session)))[..4])
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str) -> Session {
        Session::open(&Principal::shared(), name.to_owned(), 0).unwrap()
    }

    #[test]
    fn new_notes_sort_after_old_ones_and_after_each_other() {
        let mut keys = vec!["NOTE#1755360000".to_owned(), "NOTE#9999999999".to_owned()];
        keys.extend((0..10_000).map(|_| new_note_sk()));
        assert!(keys.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_cursor_comes_back_as_its_key() {
        for sk in ["NOTE#1755360000".to_owned(), new_note_sk()] {
            assert_eq!(decode_cursor(&session("a"), &encode_cursor(&session("a"), &sk)), Ok(sk));
        }
    }

    #[test]
    fn a_cursor_of_another_session_and_nonsense_are_refused() {
        let foreign = encode_cursor(&session("a"), &new_note_sk());
        for cursor in [foreign.as_str(), "", "!", "AAAA", "TUVUQQ"] {
            assert_eq!(decode_cursor(&session("b"), cursor), Err(InvalidCursor));
        }
    }

    #[test]
    fn a_cache_key_is_named_by_64_bits_of_its_hash() {
        // printf '{"text": "hello"}' | sha256sum
        assert_eq!(cache_sk(r#"{"text": "hello"}"#), "KEY#fe63cf9369e847ea");
    }
}
