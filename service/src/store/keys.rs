//! The layout of the table: the keys of every item, and the cursor made from a note's key.
//!
//! | item | pk | sk | attributes |
//! | --- | --- | --- | --- |
//! | session | `SESSION#<session_id>` | `META` | `userId`, `createdAt`, `lastActive` |
//! | note | `SESSION#<session_id>` | `NOTE#v2#<UUIDv7>` | `note`, `ts` |
//! | state | *scope* | `STATE#VALUE#<name>` | `value` (JSON text), `version`, `revision`, `writes`, `since` |
//! | counter | *scope* | `STATE#COUNTER#<name>` | `count`, `since` |
//! | log entry | *scope* | `STATE#LOG#<name>#<UUIDv7>` | `entry` (JSON text), `ts` |
//! | key of a note | `SESSION#<session_id>` | `ONCE#<SHA-256 of the key>` | `request`, `made` |
//! | key of a reset | `SESSION#<session_id>` | as above | `request`, `deleted`, `last`, `mark`, `done` |
//! | key of a call | *scope* | as above | `request`, `call`, `lease` or `result` (JSON text) |
//! | cached result | `CACHE#<SHA-256 of principal, tool and key>` | `CACHE` | `value` (JSON text) |
//!
//! *scope* is `SESSION#<session_id>`, or `PRINCIPAL` for what a principal keeps across its sessions. A principal other
//! than the shared one has `USER#<32 hex digits>#` before each pk, except before `CACHE#`, where the digest separates
//! principals. Every item that ends has `expiresAt` in epoch seconds: items of a session by handle with the session,
//! keys after 24 hours at the latest, cached results after their time, tombstones after a day.
//!
//! A state or counter without `value` or `count` is a tombstone. `writes` holds the ids of the last 16 writes, newest
//! first, and `since` orders values and resets ([`super::state`]).
//!
//! All items of states begin with `STATE#`, so that a reset finds them by one Query. The v1 (Python) server and earlier
//! versions of this one know neither these nor `CACHE#`. They read and reset notes by `NOTE#`, so both leave states
//! alone. Earlier versions kept cached results under `TOOL#<tool>`, which no version after them reads.
//!
//! The v1 (Python) server gave a note the sort key `NOTE#<epoch seconds>`. This server's is `NOTE#v2#<UUIDv7>`:
//! unique, in order of time, and after every v1 note, because `v` sorts after all digits.

use std::sync::{LazyLock, Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::{ContextV7, Timestamp, Uuid};

use super::state::Name;
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
/// The prefix of the sort keys of all states, counters and log entries.
pub(super) const STATE_PREFIX: &str = "STATE#";
/// The prefix of every state's sort key.
pub(super) const VALUE_PREFIX: &str = "STATE#VALUE#";
/// The prefix of every log entry's sort key.
pub(super) const LOG_PREFIX: &str = "STATE#LOG#";
/// The sort key of a cached result.
pub(super) const CACHE: &str = "CACHE";

/// Returns the partition key of a session.
pub(super) fn session_pk(session: &Session) -> String {
    format!("{}SESSION#{}", principal_prefix(session.principal()), session.id())
}

/// Returns the partition key of what a principal keeps across its sessions.
pub(super) fn principal_pk(principal: &Principal) -> String {
    format!("{}PRINCIPAL", principal_prefix(principal))
}

/// Returns the sort key of a state.
pub(super) fn state_sk(name: Name<'_>) -> String {
    format!("{VALUE_PREFIX}{}", name.as_str())
}

/// Returns the sort key of a counter.
pub(super) fn counter_sk(name: Name<'_>) -> String {
    format!("{STATE_PREFIX}COUNTER#{}", name.as_str())
}

/// Returns the prefix of the sort keys of a log's entries.
pub(super) fn log_prefix(name: Name<'_>) -> String {
    format!("{LOG_PREFIX}{}#", name.as_str())
}

/// Returns the prefix of a principal's partition keys. The shared principal has none, so its keys equal those of the
/// v1 (Python) server.
fn principal_prefix(principal: &Principal) -> String {
    principal.id().map_or_else(String::new, |id| format!("USER#{id}#"))
}

/// Returns a new note's sort key, greater than all earlier ones of this process.
pub(super) fn new_note_sk() -> String {
    format!("{NOTE_PREFIX}v2#{}", new_uuid_v7().as_hyphenated())
}

/// Returns a UUIDv7 greater than all earlier ones of this process.
///
/// Its time has a resolution of a quarter of a microsecond, so the order of UUIDs from two replicas is as good as the
/// hosts' clocks. Its 62 random bits make them unique within that resolution.
pub(super) fn new_uuid_v7() -> Uuid {
    static ORDER: LazyLock<Mutex<ContextV7>> =
        LazyLock::new(|| Mutex::new(ContextV7::new().with_additional_precision()));
    Uuid::new_v7(Timestamp::now(&*ORDER))
}

/// Returns the partition key of a cached result: 256 bits that stand for principal, tool and key. They spread the
/// results over the table's partitions, and an entry need not repeat the key, which may be as long as the result.
pub(super) fn cache_pk(principal: &Principal, tool: &str, key: &str) -> String {
    let mut hash = Sha256::new();
    for part in [principal.id().unwrap_or_default(), tool] {
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(key);
    format!("CACHE#{}", hex(&hash.finalize()))
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
    fn cache_key_separates_principal_tool_and_key() {
        let alice = Principal::named("token", "alice", crate::principal::Grant::FULL);
        let shared = Principal::shared();
        let keys = [
            cache_pk(&shared, "a", "bc"),
            cache_pk(&shared, "ab", "c"),
            cache_pk(&shared, "", "abc"),
            cache_pk(&shared, "a", "bd"),
            cache_pk(&alice, "a", "bc"),
        ];
        assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), keys.len());
        assert_eq!(keys[0].len(), "CACHE#".len() + 64);
    }
}
