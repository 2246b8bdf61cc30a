//! The owner of a state, counter or log: a session, or a principal across all its sessions.

use std::fmt;

use crate::{
    principal::Principal,
    session::Session,
    store::keys::{principal_pk, session_pk},
};

/// The owner of a state, counter, log or idempotency key.
///
/// The items of a session expire and are reset with it. Those of a principal do neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Scope {
    pk: String,
    expires_at: Option<u64>,
    label: String,
}

impl Scope {
    /// Returns the partition key.
    pub(in crate::store) fn pk(&self) -> &str {
        &self.pk
    }

    /// Returns the expiry of every item in the scope, in epoch seconds.
    pub(in crate::store) fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }
}

impl From<&Session> for Scope {
    fn from(session: &Session) -> Self {
        Self {
            pk: session_pk(session),
            expires_at: session.expires_at(),
            label: format!("session {}", session.fingerprint()),
        }
    }
}

impl From<&Principal> for Scope {
    fn from(principal: &Principal) -> Self {
        Self { pk: principal_pk(principal), expires_at: None, label: format!("principal {}", principal.fingerprint()) }
    }
}

/// Names the owner by its fingerprint, so that a session's name does not reach the log.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.label)
    }
}
