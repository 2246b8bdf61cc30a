//! Session ids. Input: the name of a principal, empty for the shared one, a line feed, and an id: either as
//! it is sent or, after the handle's prefix, before its base64 encoding, which a fuzzer cannot mutate
//! usefully.
//!
//! Property: an accepted handle is exactly one that was created, belongs to one principal, and expires at its time.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_stateful::{
    principal::{Grant, Principal},
    session::{HANDLE_PREFIX, InvalidSession, Session},
};

/// The created handles, of the shared principal and of `alice`, which the seeds contain. A mutation cannot
/// create another, because that takes 48 bits of a hash.
const CREATED: [(&str, &str); 2] =
    [("", "mcps_GbJYVuHBUMqDTP_ItZsjrQD0hlcA-4edZu0M"), ("alice", "mcps_NbD60WdYtYEk858A0mBhcAD0hlcAEV5MQHIO")];

/// Checks the property for one input.
pub fn check(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (Some(Ok(name)), Some(id)) = (parts.next().map(str::from_utf8), parts.next()) else { return };
    if let Ok(id) = str::from_utf8(id) {
        check_id(name, id);
    }
    check_id(name, &format!("{HANDLE_PREFIX}{}", URL_SAFE_NO_PAD.encode(id)));
}

fn check_id(name: &str, id: &str) {
    let open = |name: &str, now| Session::open(&principal(name), id.to_owned(), now);
    let Ok(session) = open(name, 0) else { return };
    assert_eq!(session.id(), id);
    let Some(end) = session.expires_at() else {
        assert!(!id.starts_with(HANDLE_PREFIX), "a handle without an expiry");
        return;
    };
    assert!(CREATED.contains(&(name, id)), "the handle was not created");
    assert!(open(name, end - 1).is_ok(), "the handle expires too early");
    assert_eq!(open(name, end), Err(InvalidSession::Expired(end)));
    for other in CREATED.iter().map(|(other, _)| *other).filter(|other| *other != name) {
        assert_eq!(open(other, 0), Err(InvalidSession::Foreign));
    }
}

fn principal(name: &str) -> Principal {
    match name {
        "" => Principal::shared(),
        name => Principal::named("token", name, Grant::FULL),
    }
}
