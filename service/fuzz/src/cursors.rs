//! Cursors of `get_notes`. Input: a session's id, a line feed, and a cursor, either as it is sent or before its base64
//! encoding, which a fuzzer cannot mutate usefully.
//!
//! Property: an accepted cursor is exactly one that the service would write, and every other session rejects it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_stateful::{principal::Principal, session::Session, store::Cursor};

/// Checks the property for one input.
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Some((id, cursor)) = text.split_once('\n') else { return };
    check_cursor(id, cursor);
    check_cursor(id, &URL_SAFE_NO_PAD.encode(cursor));
}

fn check_cursor(id: &str, text: &str) {
    let open = |id: String| Session::open(&Principal::shared(), id, 0).ok();
    let Some(session) = open(id.to_owned()) else { return };
    let Ok(cursor) = Cursor::decode(&session, text) else { return };
    assert_eq!(cursor.encode(&session), text, "one position has two cursors");
    let shorter = &id[..id.char_indices().next_back().map_or(0, |(last, _)| last)];
    for other in [format!("{id} "), format!("x{id}"), shorter.to_owned()] {
        let accepted = open(other).map(|other| Cursor::decode(&other, text).is_ok());
        assert_ne!(accepted, Some(true), "another session accepts the cursor");
    }
}
