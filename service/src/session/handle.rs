//! The handles of `create_session`: `mcps_` and 27 bytes in base64url. The bytes are 128 random bits, the session's
//! expiry in epoch seconds (40 bits), and 48 bits of a hash over both and the principal.
//!
//! The hash is not a secret. It detects a mangled handle, or one of another principal, without table access. A session
//! is protected by the random bits and by the principal in its items' keys. The whole handle names the session, so a
//! handle with a forged expiry names another, empty session.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::principal::Principal;

/// The prefix of every handle, with which no name may begin.
pub const HANDLE_PREFIX: &str = "mcps_";

const RANDOM: usize = 16;
const EXPIRY: usize = 5;
const CHECK: usize = 6;
const LENGTH: usize = RANDOM + EXPIRY + CHECK;

/// The error of a system that provides no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system provides no random numbers: {0}")]
pub struct HandleError(#[from] getrandom::Error);

/// The error for a text that begins like a handle but is not one of the principal's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign;

/// Creates a handle. Returns it with its expiry, which is `expires_at` or the last second that a handle can hold.
pub(super) fn mint(principal: &Principal, expires_at: u64) -> Result<(String, u64), HandleError> {
    let expires_at = expires_at.min((1 << (8 * EXPIRY)) - 1);
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes[..RANDOM])?;
    bytes[RANDOM..RANDOM + EXPIRY].copy_from_slice(&expires_at.to_be_bytes()[8 - EXPIRY..]);
    let check = check(principal, &bytes[..RANDOM + EXPIRY]);
    bytes[RANDOM + EXPIRY..].copy_from_slice(&check);
    Ok((format!("{HANDLE_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)), expires_at))
}

/// Returns the expiry in a handle, or `None` if the text is a name.
pub(super) fn expiry(principal: &Principal, id: &str) -> Result<Option<u64>, Foreign> {
    let Some(text) = id.strip_prefix(HANDLE_PREFIX) else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Foreign)?;
    let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| Foreign)?;
    let (signed, given) = bytes.split_at(RANDOM + EXPIRY);
    if given != check(principal, signed) {
        return Err(Foreign);
    }
    let seconds = signed[RANDOM..].iter().fold(0, |seconds, byte| seconds << 8 | u64::from(*byte));
    Ok(Some(seconds))
}

fn check(principal: &Principal, signed: &[u8]) -> [u8; CHECK] {
    let mut hash = Sha256::new();
    hash.update("handle\0");
    hash.update(principal.id().unwrap_or_default());
    hash.update(signed);
    let mut check = [0; CHECK];
    check.copy_from_slice(&hash.finalize()[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn handle_contains_its_expiry() {
        let (handle, _) = mint(&Principal::shared(), 1_800_000_000).unwrap();
        assert_eq!(handle.len(), 41);
        assert_eq!(expiry(&Principal::shared(), &handle), Ok(Some(1_800_000_000)));
    }

    #[test]
    fn expiry_is_capped_at_40_bits() {
        let (handle, end) = mint(&Principal::shared(), u64::MAX).unwrap();
        assert_eq!((expiry(&Principal::shared(), &handle), end), (Ok(Some(end)), (1 << 40) - 1));
    }

    #[test]
    fn handles_are_unique() {
        let handles: HashSet<String> = (0..1000).map(|_| mint(&Principal::shared(), 1).unwrap().0).collect();
        assert_eq!(handles.len(), 1000);
    }

    #[test]
    fn any_changed_character_is_detected() {
        let (handle, _) = mint(&Principal::shared(), 1_800_000_000).unwrap();
        for place in HANDLE_PREFIX.len()..handle.len() {
            let mut changed = handle.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(expiry(&Principal::shared(), &changed), Err(Foreign), "{changed}");
        }
        assert_eq!(expiry(&Principal::shared(), &handle[..handle.len() - 1]), Err(Foreign));
        assert_eq!(expiry(&Principal::shared(), HANDLE_PREFIX), Err(Foreign));
    }

    #[test]
    fn text_without_the_prefix_is_a_name() {
        assert_eq!(expiry(&Principal::shared(), "demo"), Ok(None));
        assert_eq!(expiry(&Principal::shared(), "MCPS_demo"), Ok(None));
    }
}
