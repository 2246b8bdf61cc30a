//! A principal's session, identified by a name that the client chose or by a handle that `create_session` returned.
//!
//! A named session lasts as long as its notes. A handle contains its expiry, so opening it needs no table access.
//! Session ids are validated here and never printed in full.

mod handle;
mod name;

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{clock, principal::Principal};

pub use handle::{HANDLE_PREFIX, HandleError};
use name::InvalidName;

/// The longest session id in UTF-8 bytes. A DynamoDB partition key holds 2,048, which leaves room for the principal.
pub const MAX_SESSION_ID_BYTES: usize = 1024;

/// A valid session of a principal. `Debug` and `Display` show only its [fingerprint](Self::fingerprint).
///
/// ```
/// use mcp_stateful::{
///     clock::epoch_seconds,
///     principal::{Grant, Principal},
///     session::{InvalidSession, Session},
/// };
///
/// let now = epoch_seconds();
/// let alice = Principal::named("token", "alice", Grant::FULL);
///
/// // A client may choose any name, which never expires.
/// let named = Session::open(&alice, "demo".to_owned(), now)?;
/// assert_eq!(named.expires_at(), None);
///
/// // A handle cannot be guessed, opens for its principal only, and expires.
/// let created = Session::create(&alice, now + 3600)?;
/// let handle = created.id().to_owned();
/// assert_eq!(Session::open(&alice, handle.clone(), now)?, created);
/// let bob = Principal::named("token", "bob", Grant::FULL);
/// assert_eq!(Session::open(&bob, handle.clone(), now), Err(InvalidSession::Foreign));
/// assert_eq!(Session::open(&alice, handle, now + 3600), Err(InvalidSession::Expired(now + 3600)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    principal: Principal,
    id: String,
    expires_at: Option<u64>,
}

/// The reasons for which a `session_id` is rejected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSession {
    /// The empty text.
    #[error("`session_id` is empty; pass the handle that create_session returned, or choose a name such as \"demo\"")]
    Empty,
    /// More than [`MAX_SESSION_ID_BYTES`].
    #[error("`session_id` has {0} bytes; the limit is {MAX_SESSION_ID_BYTES}")]
    TooLong(usize),
    /// A text of which nothing is visible.
    #[error("`session_id` is blank; pass the handle that create_session returned, or choose a name such as \"demo\"")]
    Blank,
    /// A control character, with its position in bytes.
    #[error(
        "`session_id` has the control character U+{code:04X} at byte {1}; remove it, or choose another name",
        code = u32::from(*.0)
    )]
    Control(char, usize),
    /// A text that begins like a handle but is not one of the principal's.
    #[error(
        "invalid session handle in `session_id`: pass the complete value that create_session returned to you, or call \
         create_session for a new one (a name that you choose must not begin with {HANDLE_PREFIX})"
    )]
    Foreign,
    /// An expired handle, with its expiry in epoch seconds.
    #[error("the session expired at {} and its notes are gone; call create_session for a new one", clock::rfc3339(*.0))]
    Expired(u64),
}

impl From<InvalidName> for InvalidSession {
    fn from(invalid: InvalidName) -> Self {
        match invalid {
            InvalidName::Blank => Self::Blank,
            InvalidName::Control(char, position) => Self::Control(char, position),
        }
    }
}

impl Session {
    /// Opens the session `id` of `principal` at the time `now` (epoch seconds).
    ///
    /// # Errors
    /// [`InvalidSession`] if the text is not a valid name, or is a handle that has expired or is not the principal's.
    pub fn open(principal: &Principal, id: String, now: u64) -> Result<Self, InvalidSession> {
        let expires_at = match id.len() {
            0 => return Err(InvalidSession::Empty),
            1..=MAX_SESSION_ID_BYTES => {
                name::check(&id)?;
                handle::expiry(principal, &id).map_err(|_| InvalidSession::Foreign)?
            }
            bytes => return Err(InvalidSession::TooLong(bytes)),
        };
        match expires_at {
            Some(at) if at <= now => Err(InvalidSession::Expired(at)),
            expires_at => Ok(Self { principal: principal.clone(), id, expires_at }),
        }
    }

    /// Creates a session of `principal` that expires at `expires_at` (epoch seconds), under a handle that cannot be
    /// guessed. The table is not changed until the first note.
    ///
    /// # Errors
    /// [`HandleError`] if the system provides no random numbers.
    pub fn create(principal: &Principal, expires_at: u64) -> Result<Self, HandleError> {
        let (id, expires_at) = handle::mint(principal, expires_at)?;
        Ok(Self { principal: principal.clone(), id, expires_at: Some(expires_at) })
    }

    /// Returns the id as the client knows it. Use it only for keys and for responses to that client.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the principal that the session belongs to.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Returns the session's expiry in epoch seconds, if it has one. Every item of the session has the same.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// Returns the first 8 hex digits of the id's SHA-256: enough to follow a session through a log, without
    /// revealing its name.
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
    fn invalid_name_is_rejected() {
        assert_eq!(open(""), Err(InvalidSession::Empty));
        assert_eq!(open("\u{a0}"), Err(InvalidSession::Blank));
        let control = open("a\n").unwrap_err().to_string();
        assert_eq!(
            control,
            "`session_id` has the control character U+000A at byte 1; remove it, or choose another name"
        );
        assert_eq!(open(&"x".repeat(1025)), Err(InvalidSession::TooLong(1025)));
        assert_eq!(open(&"x".repeat(1024)).unwrap().expires_at(), None);
    }

    #[test]
    fn formatted_session_omits_its_id() {
        let session = open("alice@example.org").unwrap();
        assert!(!format!("{session} {session:?}").contains("alice"));
        assert_eq!(session.fingerprint().len(), 8);
    }

    #[test]
    fn handle_opens_until_its_expiry() {
        let created = Session::create(&Principal::shared(), NOW + 10).unwrap();
        let at = |now| Session::open(&Principal::shared(), created.id().to_owned(), now);
        assert_eq!(at(NOW + 9), Ok(created.clone()));
        assert_eq!(at(NOW + 10), Err(InvalidSession::Expired(NOW + 10)));
        assert!(at(NOW + 10).unwrap_err().to_string().contains("2027-01-15T08:00:10Z"));
    }

    #[test]
    fn handle_opens_for_its_principal_only() {
        let alice = Principal::named("token", "alice", Grant::FULL);
        let created = Session::create(&alice, NOW + 10).unwrap();
        for other in [Principal::shared(), Principal::named("token", "bob", Grant::FULL)] {
            assert_eq!(Session::open(&other, created.id().to_owned(), NOW), Err(InvalidSession::Foreign), "{other:?}");
        }
        assert!(Session::open(&alice, created.id().to_owned(), NOW).is_ok());
    }
}
