//! A session: a principal's own, by a name that the client chose or by a handle that `create_session` minted.
//!
//! A name lives as long as its notes. A handle carries its own end, so whoever opens it knows without asking the table.
//! Either is checked once, here, and never printed in full.

mod handle;

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{clock, principal::Principal};

pub use handle::{HANDLE_PREFIX, HandleError};

/// The longest session id, in UTF-8 bytes. A DynamoDB partition key holds 2,048; the rest is room for a principal.
pub const MAX_SESSION_ID_BYTES: usize = 1024;

/// A session that may be used. `Debug` and `Display` show its [fingerprint](Self::fingerprint) only.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    principal: Principal,
    id: String,
    expires_at: Option<u64>,
}

/// Why a text names no session that may be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSession {
    /// The empty text.
    #[error(
        "`session_id` is empty; pass the handle that create_session returned, or a name of your own such as \"demo\""
    )]
    Empty,
    /// More than [`MAX_SESSION_ID_BYTES`].
    #[error("`session_id` has {0} bytes; the limit is {MAX_SESSION_ID_BYTES}")]
    TooLong(usize),
    /// It looks like a handle, and is none that the caller got.
    #[error(
        "`session_id` is no handle that create_session gave to you: copy it whole, or call create_session for a new one \
         (names of your own may not begin with {HANDLE_PREFIX})"
    )]
    Foreign,
    /// A handle whose time is over; since when, in epoch seconds.
    #[error("the session expired at {}, and its notes with it; call create_session for a new one", clock::rfc3339(*.0))]
    Expired(u64),
}

impl Session {
    /// Opens the session that `principal` calls `id`, at the time `now` (epoch seconds).
    ///
    /// # Errors
    /// A text that names no session, a handle that is not the principal's or whose time is over.
    pub fn open(principal: &Principal, id: String, now: u64) -> Result<Self, InvalidSession> {
        let expires_at = match id.len() {
            0 => return Err(InvalidSession::Empty),
            1..=MAX_SESSION_ID_BYTES => handle::expiry(principal, &id).map_err(|_| InvalidSession::Foreign)?,
            bytes => return Err(InvalidSession::TooLong(bytes)),
        };
        match expires_at {
            Some(at) if at <= now => Err(InvalidSession::Expired(at)),
            expires_at => Ok(Self { principal: principal.clone(), id, expires_at }),
        }
    }

    /// A new session of `principal` under a handle that nobody can guess, until `expires_at` (epoch seconds). Nothing is
    /// written: the handle is all there is until the first note.
    ///
    /// # Errors
    /// A system that gives no random numbers.
    pub fn create(principal: &Principal, expires_at: u64) -> Result<Self, HandleError> {
        let (id, expires_at) = handle::mint(principal, expires_at)?;
        Ok(Self { principal: principal.clone(), id, expires_at: Some(expires_at) })
    }

    /// The id as the client knows it; for keys and for answers to that client only.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The first second in which it is over, if it ever is: every item of the session carries it.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// The first 8 hex digits of the id's SHA-256: enough to follow one session through a log, no way back to its name.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.id.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::Grant;

    const NOW: u64 = 1_800_000_000;

    fn open(id: &str) -> Result<Session, InvalidSession> {
        Session::open(&Principal::shared(), id.to_owned(), NOW)
    }

    #[test]
    fn a_name_is_refused_when_empty_or_over_the_limit() {
        assert_eq!(open(""), Err(InvalidSession::Empty));
        assert_eq!(open(&"x".repeat(1025)), Err(InvalidSession::TooLong(1025)));
        assert_eq!(open(&"x".repeat(1024)).unwrap().expires_at(), None);
    }

    #[test]
    fn never_prints_itself() {
        let session = open("alice@example.org").unwrap();
        assert!(!format!("{session} {session:?}").contains("alice"));
        assert_eq!(session.fingerprint().len(), 8);
    }

    #[test]
    fn a_handle_opens_its_session_until_its_last_second() {
        let made = Session::create(&Principal::shared(), NOW + 10).unwrap();
        let at = |now| Session::open(&Principal::shared(), made.id().to_owned(), now);
        assert_eq!(at(NOW + 9), Ok(made.clone()));
        assert_eq!(at(NOW + 10), Err(InvalidSession::Expired(NOW + 10)));
        assert!(at(NOW + 10).unwrap_err().to_string().contains("2027-01-15T08:00:10Z"));
    }

    #[test]
    fn a_handle_is_its_principal_s_alone() {
        let alice = Principal::named("token", "alice", Grant::FULL);
        let made = Session::create(&alice, NOW + 10).unwrap();
        for other in [Principal::shared(), Principal::named("token", "bob", Grant::FULL)] {
            assert_eq!(Session::open(&other, made.id().to_owned(), NOW), Err(InvalidSession::Foreign));
        }
        assert!(Session::open(&alice, made.id().to_owned(), NOW).is_ok());
    }
}
