//! Who calls, as the edge has verified it, and with that which part of the table is theirs.
//!
//! A principal's sessions and cache entries lie under keys that begin with the principal, so no call of another can name
//! them. It never holds a token.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};

/// Who calls. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// Nothing stands for all who share the one token, or need none.
    own: Option<Arc<Own>>,
    grant: Grant,
}

#[derive(PartialEq, Eq)]
struct Own {
    /// 32 hex digits: one length, and no separator of a key, whatever the name.
    id: String,
    name: String,
}

/// What a call does to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looks.
    Read,
    /// Changes.
    Write,
}

/// What a principal may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Whether it may look.
    pub read: bool,
    /// Whether it may change.
    pub write: bool,
}

impl Grant {
    /// Everything.
    pub const FULL: Self = Self { read: true, write: true };

    /// Whether it covers `access`.
    pub fn covers(self, access: Access) -> bool {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
        }
    }
}

impl Principal {
    /// All who share the one token, who need none, or who speak over stdio. Their items have the original's keys.
    pub fn shared() -> Self {
        Self { own: None, grant: Grant::FULL }
    }

    /// One among several: `name` as `authority` (the issuer of its token, or what stands for one) calls it. Two authorities'
    /// equal names are two principals.
    pub fn named(authority: &str, name: &str, grant: Grant) -> Self {
        let mut hash = Sha256::new();
        // The length keeps ("a", "bc") and ("ab", "c") apart.
        hash.update((authority.len() as u64).to_be_bytes());
        hash.update(authority);
        hash.update(name);
        let id = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { own: Some(Arc::new(Own { id, name: name.to_owned() })), grant }
    }

    /// What may be done in its name.
    pub fn grant(&self) -> Grant {
        self.grant
    }

    /// The 128 bits, as hex digits, that its keys begin with; nothing for [`Principal::shared`].
    pub fn id(&self) -> Option<&str> {
        self.own.as_ref().map(|own| own.id.as_str())
    }

    /// What its sessions' `userId` says; the original's word where nobody said.
    pub fn name(&self) -> &str {
        self.own.as_ref().map_or("anonymous", |own| &own.name)
    }

    /// Enough to follow one principal through a log: the first 8 digits of its id.
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
    fn principals_are_told_apart_by_authority_and_name() {
        let id = |authority: &str, name: &str| Principal::named(authority, name, Grant::FULL).id().map(str::to_owned);
        assert_eq!(id("a", "b"), id("a", "b"));
        assert_ne!(id("a", "b"), id("b", "b"));
        assert_ne!(id("a", "bc"), id("ab", "c"));
        assert_eq!(Principal::shared().id(), None);
    }

    #[test]
    fn never_prints_its_name() {
        let alice = Principal::named("https://issuer.example", "alice@example.org", Grant::FULL);
        assert!(!format!("{alice:?} {}", alice.fingerprint()).contains("alice"));
    }
}
