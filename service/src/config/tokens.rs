//! Named tokens: a name and the SHA-256 of the token. Only the owner has the token itself.

use std::{collections::HashSet, fmt};

use sha2::{Digest, Sha256};

use super::{problems::Problems, secret::Secret};
use crate::cli::Flags;

/// A named token.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedToken {
    /// The owner's name.
    pub name: String,
    /// The SHA-256 of the token's bytes.
    pub sha256: [u8; 32],
}

impl fmt::Debug for NamedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedToken({})", self.name)
    }
}

/// The setting, as a field of [`Flags`].
const FIELD: &str = "auth_tokens";

/// Returns whether a token may have this name: 1 to 64 letters, digits, `.`, `_`, `@` and `-`.
pub fn is_token_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "._@-".contains(c))
}

/// Returns the entry of `MCP_AUTH_TOKENS` for a token.
pub fn token_entry(name: &str, token: &str) -> String {
    let hash: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}={hash}")
}

/// Parses the entries. Problems name an entry by position or name, never by its hash.
pub(super) fn parse(problems: &mut Problems, flags: &Flags, single: Option<&Secret>) -> Vec<NamedToken> {
    let entries = flags.auth_tokens.as_deref().unwrap_or_default().split([',', ' ', '\t', '\r', '\n']);
    let mut tokens = Vec::new();
    let (mut names, mut hashes) = (HashSet::new(), HashSet::new());
    hashes.extend(single.map(|token| <[u8; 32]>::from(Sha256::digest(token.expose()))));
    for (number, entry) in entries.filter(|entry| !entry.is_empty()).enumerate() {
        let Some(token) = parse_entry(entry) else {
            let expected = "expected <name>=<64 hex digits>, the name of 1 to 64 letters, digits and ._@-; \
                generate one with `mcp-stateful new-token NAME`";
            problems.add(FIELD, format_args!("invalid entry {}: {expected}", number + 1));
            continue;
        };
        if !names.insert(token.name.clone()) {
            problems.add(FIELD, format_args!("duplicate name {}", token.name));
        }
        if !hashes.insert(token.sha256) {
            let same = "is also another owner's or MCP_AUTH_TOKEN";
            problems.add(FIELD, format_args!("duplicate token: the one of {} {same}", token.name));
        }
        tokens.push(token);
    }
    tokens
}

fn parse_entry(entry: &str) -> Option<NamedToken> {
    let (name, hash) = entry.split_once('=')?;
    if !is_token_name(name) || hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut sha256 = [0; 32];
    for (byte, digits) in sha256.iter_mut().zip(hash.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(NamedToken { name: name.to_owned(), sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_of_new_token_is_parsed() {
        let token = parse_entry(&token_entry("alice@example.org", "secret")).unwrap();
        assert_eq!((token.name.as_str(), token.sha256), ("alice@example.org", Sha256::digest("secret").into()));
        assert!(!format!("{token:?}").contains("2bb80d53"));
    }

    #[test]
    fn invalid_entries_are_rejected() {
        let hash = "0".repeat(64);
        for entry in [
            "alice".to_owned(),
            hash.clone(),
            format!("={hash}"),
            format!("al ice={hash}"),
            format!("{}={hash}", "a".repeat(65)),
            format!("alice={hash}0"),
            format!("alice={}g", "0".repeat(63)),
            format!("alice={}é", "0".repeat(62)),
            format!("alice=+{}", "0".repeat(63)),
        ] {
            assert_eq!(parse_entry(&entry), None, "{entry}");
        }
    }
}
