//! Cursors of `get_notes`. Input: a session's id, a line feed, and a cursor, as it is sent or before it is put into base64,
//! through which a fuzzer does not see.
//!
//! A cursor that is accepted is one the service would write itself, and is refused for any other session.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_stateful::{principal::Principal, session::Session, store::Cursor};

/// Holds the property for one input.
pub fn hold(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Some((id, cursor)) = text.split_once('\n') else { return };
    hold_cursor(id, cursor);
    hold_cursor(id, &URL_SAFE_NO_PAD.encode(cursor));
}

fn hold_cursor(id: &str, text: &str) {
    let open = |id: String| Session::open(&Principal::shared(), id, 0).ok();
    let Some(session) = open(id.to_owned()) else { return };
    let Ok(cursor) = Cursor::decode(&session, text) else { return };
    assert_eq!(cursor.encode(&session), text, "one place has two cursors");
    let shorter = &id[..id.char_indices().next_back().map_or(0, |(last, _)| last)];
    for other in [format!("{id} "), format!("x{id}"), shorter.to_owned()] {
        let theirs = open(other).map(|other| Cursor::decode(&other, text).is_ok());
        assert_ne!(theirs, Some(true), "the cursor of one session is read in another");
    }
}
