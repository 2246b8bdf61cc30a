//! The callers of a test server: the shared principal, and principals with a name and a token of their own.

use crate::config::{is_token_name, token_entry};

/// The names that every test server knows.
const DEFAULT: [&str; 3] = ["alice", "bob", "carol"];

/// The principals of a test server.
#[derive(Debug, Clone)]
pub(super) struct Principals(Vec<String>);

impl Default for Principals {
    fn default() -> Self {
        Self(DEFAULT.map(str::to_owned).into())
    }
}

impl Principals {
    pub(super) fn add(&mut self, name: String) {
        assert!(is_token_name(&name), "invalid principal {name:?}: expected 1 to 64 letters, digits and ._@-");
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Returns the token of a principal. It is the same in every run, so a logged request can be repeated.
    pub(super) fn token(&self, name: &str) -> String {
        let known = self.0.iter().any(|known| known == name);
        assert!(known, "unknown principal {name:?}: add it with `TestServer::builder().principal({name:?})`");
        token(name)
    }

    /// Returns the token of the shared principal.
    pub(super) fn shared_token() -> String {
        token("")
    }

    /// Returns the setting with the hashes of all named tokens.
    pub(super) fn setting(&self) -> String {
        let entries: Vec<String> = self.0.iter().map(|name| token_entry(name, &token(name))).collect();
        entries.join(",")
    }
}

fn token(name: &str) -> String {
    format!("test-token-0123456789abcdef-{name}")
}
