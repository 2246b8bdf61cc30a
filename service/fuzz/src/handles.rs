//! Session ids. Input: the name of a principal, or nothing for the shared one; a line feed; an id, as it is sent or, behind the
//! handle's prefix, before it is put into base64, through which a fuzzer does not see.
//!
//! A handle that opens is, to the last character, one that was minted, is its principal's alone, and ends when it says.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_stateful::{
    principal::{Grant, Principal},
    session::{HANDLE_PREFIX, InvalidSession, Session},
};

/// What was minted, the shared principal's and that of `alice`: the seeds begin with them. No mutation comes upon another,
/// which takes 48 bits of a hash.
const MINTED: [(&str, &str); 2] =
    [("", "mcps_GbJYVuHBUMqDTP_ItZsjrQD0hlcA-4edZu0M"), ("alice", "mcps_NbD60WdYtYEk858A0mBhcAD0hlcAEV5MQHIO")];

/// Holds the property for one input.
pub fn hold(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (Some(Ok(name)), Some(id)) = (parts.next().map(str::from_utf8), parts.next()) else { return };
    if let Ok(id) = str::from_utf8(id) {
        hold_id(name, id);
    }
    hold_id(name, &format!("{HANDLE_PREFIX}{}", URL_SAFE_NO_PAD.encode(id)));
}

fn hold_id(name: &str, id: &str) {
    let open = |name: &str, now| Session::open(&principal(name), id.to_owned(), now);
    let Ok(session) = open(name, 0) else { return };
    assert_eq!(session.id(), id);
    let Some(end) = session.expires_at() else {
        assert!(!id.starts_with(HANDLE_PREFIX), "a handle that never ends");
        return;
    };
    assert!(MINTED.contains(&(name, id)), "nobody minted it");
    assert!(open(name, end - 1).is_ok(), "it ends too early");
    assert_eq!(open(name, end), Err(InvalidSession::Expired(end)));
    for other in MINTED.iter().map(|(other, _)| *other).filter(|other| *other != name) {
        assert_eq!(open(other, 0), Err(InvalidSession::Foreign));
    }
}

fn principal(name: &str) -> Principal {
    match name {
        "" => Principal::shared(),
        name => Principal::named("token", name, Grant::FULL),
    }
}
