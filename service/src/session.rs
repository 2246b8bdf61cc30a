//! The name of a session: checked once, printed never in full.

use std::fmt;

use sha2::{Digest, Sha256};

/// The longest session id, in UTF-8 bytes. A DynamoDB partition key holds 2,048; the rest is room for a principal.
pub const MAX_SESSION_ID_BYTES: usize = 1024;

/// A session id that can be a partition key. `Debug` and `Display` show its [fingerprint](Self::fingerprint) only.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId(String);

/// Why a text is no session id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSessionId {
    /// The empty text.
    #[error("`session_id` is empty; pass the name of the session, for example \"demo\"")]
    Empty,
    /// More than [`MAX_SESSION_ID_BYTES`].
    #[error("`session_id` has {0} bytes; the limit is {MAX_SESSION_ID_BYTES}")]
    TooLong(usize),
}

impl SessionId {
    /// The id as the client wrote it; for keys and for answers to that client only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 hex digits of the id's SHA-256: enough to follow one session through a log, no way back to its name.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.0.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(id: String) -> Result<Self, InvalidSessionId> {
        match id.len() {
            0 => Err(InvalidSessionId::Empty),
            1..=MAX_SESSION_ID_BYTES => Ok(Self(id)),
            bytes => Err(InvalidSessionId::TooLong(bytes)),
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_refused_when_empty_or_over_the_limit() {
        assert_eq!(SessionId::try_from(String::new()), Err(InvalidSessionId::Empty));
        assert_eq!(SessionId::try_from("x".repeat(1025)), Err(InvalidSessionId::TooLong(1025)));
        assert!(SessionId::try_from("x".repeat(1024)).is_ok());
    }

    #[test]
    fn never_prints_itself() {
        let id = SessionId::try_from("alice@example.org".to_owned()).unwrap();
        assert!(!format!("{id} {id:?}").contains("alice"));
        assert_eq!(id.fingerprint().len(), 8);
    }
}
