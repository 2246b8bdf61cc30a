//! The keys of sessions, notes and cache entries, and the cursor made from a note's key.
//!
//! The v1 (Python) server gave a note the sort key `NOTE#<epoch seconds>`. This server's is `NOTE#v2#<UUIDv7>`:
//! unique, in order of time, and after every v1 note, because `v` sorts after all digits.

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
/// The attribute with a note's text.
pub(super) const NOTE: &str = "note";
/// The sort key of a session's own item.
pub(super) const META: &str = "META";
/// The prefix of every note's sort key.
pub(super) const NOTE_PREFIX: &str = "NOTE#";

/// Returns the partition key of a session.
pub(super) fn session_pk(session: &Session) -> String {
    format!("{}SESSION#{}", principal_prefix(session.principal()), session.id())
}

/// Returns the prefix of a principal's partition keys. The shared principal has none, so its keys equal those of the
/// v1 (Python) server.
fn principal_prefix(principal: &Principal) -> String {
    principal.id().map_or_else(String::new, |id| format!("USER#{id}#"))
}

/// Returns a new note's sort key, greater than all earlier ones of this process.
///
/// Its time has a resolution of a quarter of a microsecond, so the order of notes from two replicas is as good as the
/// hosts' clocks. Its 62 random bits make keys unique within that resolution.
pub(super) fn new_note_sk() -> String {
    static ORDER: LazyLock<Mutex<ContextV7>> =
        LazyLock::new(|| Mutex::new(ContextV7::new().with_additional_precision()));
    format!("{NOTE_PREFIX}v2#{}", Uuid::new_v7(Timestamp::now(&*ORDER)).as_hyphenated())
}

/// Returns the partition key of a principal's cached results of a tool.
pub(super) fn tool_pk(principal: &Principal, tool: &str) -> String {
    format!("{}TOOL#{tool}", principal_prefix(principal))
}

/// Returns a cache entry's sort key, which holds 64 bits of the key's hash. The entry itself holds the whole key and is
/// used only if that is equal.
pub(super) fn cache_sk(key: &str) -> String {
    format!("KEY#{}", hex(&Sha256::digest(key.as_bytes())[..8]))
}

/// The error for a cursor that this server did not make for the session it is used with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "invalid `cursor`: pass the complete value that get_notes returned for this session, or omit it to read from the \
     first note"
)]
pub struct InvalidCursor;

/// Returns the text with which a client continues to read `session` after the note at `sk`.
pub(super) fn encode_cursor(session: &Session, sk: &str) -> String {
    let position = &sk[NOTE_PREFIX.len()..];
    URL_SAFE_NO_PAD.encode(format!("{}{position}", cursor_check(session, position)))
}

/// Returns the sort key in a cursor. The check turns a cursor of another session, and one that a model copied wrongly,
/// into an error instead of a silent gap.
pub(super) fn decode_cursor(session: &Session, cursor: &str) -> Result<String, InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
    let (check, position) = text.split_at_checked(8).ok_or(InvalidCursor)?;
    // A sort key holds at most 1,024 bytes, and every note's key is far shorter.
    if position.is_empty() || position.len() > 512 || check != cursor_check(session, position) {
        return Err(InvalidCursor);
    }
    Ok(format!("{NOTE_PREFIX}{position}"))
}

fn cursor_check(session: &Session, position: &str) -> String {
    hex(&Sha256::digest(format!("cursor\0{}\0{position}", session_pk(session)))[..4])
}

/// Formats bytes as lower-case hexadecimal digits.
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
    fn new_notes_sort_after_v1_notes_and_in_order() {
        let mut keys = vec!["NOTE#1755360000".to_owned(), "NOTE#9999999999".to_owned()];
        keys.extend((0..10_000).map(|_| new_note_sk()));
        assert!(keys.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn cursor_decodes_to_its_key() {
        for sk in ["NOTE#1755360000".to_owned(), new_note_sk()] {
            assert_eq!(decode_cursor(&session("a"), &encode_cursor(&session("a"), &sk)), Ok(sk));
        }
    }

    #[test]
    fn foreign_and_malformed_cursors_are_rejected() {
        let foreign = encode_cursor(&session("a"), &new_note_sk());
        for cursor in [foreign.as_str(), "", "!", "AAAA", "TUVUQQ"] {
            assert_eq!(decode_cursor(&session("b"), cursor), Err(InvalidCursor), "{cursor:?}");
        }
        let own = encode_cursor(&session("a"), "NOTE#1755360000");
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&own).unwrap()).unwrap();
        for changed in [&text[..text.len() - 1], &text.replace("1755360000", "1755360001"), &format!("{text}0")] {
            let cursor = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(decode_cursor(&session("a"), &cursor), Err(InvalidCursor), "{changed}");
        }
    }

    #[test]
    fn cache_sort_key_holds_64_hash_bits() {
        // printf '{"text": "hello"}' | sha256sum
        assert_eq!(cache_sk(r#"{"text": "hello"}"#), "KEY#fe63cf9369e847ea");
    }
}
