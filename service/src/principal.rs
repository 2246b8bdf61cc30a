//! The verified caller, and with it the caller's part of the table.
//!
//! The keys of a principal's sessions and cache entries begin with the principal's id, so no other principal's call can
//! name them. A principal never contains a token.

use std::{fmt, net::IpAddr, sync::Arc};

use sha2::{Digest, Sha256};

/// The verified caller of a request. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// `None` for all callers with the shared token, or without one if none is required.
    identity: Option<Arc<Identity>>,
    grant: Grant,
    /// The address of the client that made the request, for the log.
    client: Option<IpAddr>,
}

#[derive(PartialEq, Eq)]
struct Identity {
    /// 32 hex digits, so that an id has a fixed length and contains no key separator, whatever the name.
    id: String,
    name: String,
}

/// The access that a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The call reads state.
    Read,
    /// The call changes state.
    Write,
}

/// The permissions of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Permits reading.
    pub read: bool,
    /// Permits changes.
    pub write: bool,
}

impl Grant {
    /// All permissions.
    pub const FULL: Self = Self { read: true, write: true };

    /// Returns true if the grant permits `access`.
    pub fn covers(self, access: Access) -> bool {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
        }
    }
}

impl Principal {
    /// Returns the principal of all callers with the shared token, without a required token, or on stdio. Its items
    /// have the keys of the v1 (Python) server.
    pub fn shared() -> Self {
        Self { identity: None, grant: Grant::FULL, client: None }
    }

    /// Returns the principal that `authority` calls `name`. The authority is the token's issuer, or `token` for named
    /// tokens. The same name from two authorities is two principals.
    pub fn named(authority: &str, name: &str, grant: Grant) -> Self {
        let mut hash = Sha256::new();
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        hash.update((authority.len() as u64).to_be_bytes());
        hash.update(authority);
        hash.update(name);
        let id = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { identity: Some(Arc::new(Identity { id, name: name.to_owned() })), grant, client: None }
    }

    /// Records the address of the client that made the request. Two addresses are still one identity.
    #[must_use]
    pub fn at(self, client: Option<IpAddr>) -> Self {
        Self { client, ..self }
    }

    /// Returns the address of the client that made the request, if it came over HTTP.
    pub fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// Returns the principal's permissions.
    pub fn grant(&self) -> Grant {
        self.grant
    }

    /// Returns the 128-bit id, in hex digits, with which the principal's keys begin. `None` for [`Principal::shared`].
    pub fn id(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.id.as_str())
    }

    /// Returns the `userId` of the principal's sessions. For the shared principal it is `anonymous`, as the v1 (Python)
    /// server wrote it.
    pub fn name(&self) -> &str {
        self.identity.as_ref().map_or("anonymous", |identity| &identity.name)
    }

    /// Returns the first 8 digits of the id, enough to follow one principal through a log.
    pub fn fingerprint(&self) -> &str {
        self.id().map_or("shared", |id| &id[..8])
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Principal({}, {:?})", self.fingerprint(), self.grant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_depends_on_authority_and_name() {
        let id = |authority: &str, name: &str| Principal::named(authority, name, Grant::FULL).id().map(str::to_owned);
        assert_eq!(id("a", "b"), id("a", "b"));
        assert_ne!(id("a", "b"), id("b", "b"));
        assert_ne!(id("a", "bc"), id("ab", "c"));
        assert_eq!(Principal::shared().id(), None);
    }

    #[test]
    fn debug_output_omits_the_name() {
        let alice = Principal::named("https://issuer.example", "alice@example.org", Grant::FULL);
        assert!(!format!("{alice:?} {}", alice.fingerprint()).contains("alice"));
    }
}
