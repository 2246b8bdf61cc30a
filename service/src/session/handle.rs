//! The handles of `create_session`: `mcps_` and 27 bytes in base64url: 128 random bits, the end of the session in epoch
//! seconds (40 bits), and 48 bits of a hash over both and the principal.
//!
//! The hash is no secret. It tells a handle that was mangled on its way, or that was given to somebody else, from a good
//! one, without a look at the table. What protects a session are its random bits and the principal in its items' keys: the whole
//! handle names the session, so one whose end was rewritten names another, empty one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::principal::Principal;

/// What every handle begins with, and no name may.
pub const HANDLE_PREFIX: &str = "mcps_";

const RANDOM: usize = 16;
const EXPIRY: usize = 5;
const CHECK: usize = 6;
const LENGTH: usize = RANDOM + EXPIRY + CHECK;

/// The system gave no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct HandleError(#[from] getrandom::Error);

/// A text that begins like a handle and is none of the principal's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign;

/// A new handle and its end, which is `expires_at` or the last second that a handle can hold.
pub(super) fn mint(principal: &Principal, expires_at: u64) -> Result<(String, u64), HandleError> {
    let expires_at = expires_at.min((1 << (8 * EXPIRY)) - 1);
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes[..RANDOM])?;
    bytes[RANDOM..RANDOM + EXPIRY].copy_from_slice(&expires_at.to_be_bytes()[8 - EXPIRY..]);
    let check = check(principal, &bytes[..RANDOM + EXPIRY]);
    bytes[RANDOM + EXPIRY..].copy_from_slice(&check);
    Ok((format!("{HANDLE_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)), expires_at))
}

/// The end that a handle carries; nothing if the text is a name.
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
    fn carries_its_end() {
        let (handle, _) = mint(&Principal::shared(), 1_800_000_000).unwrap();
        assert_eq!(handle.len(), 41);
        assert_eq!(expiry(&Principal::shared(), &handle), Ok(Some(1_800_000_000)));
    }

    #[test]
    fn an_end_beyond_what_it_can_hold_is_the_last_one() {
        let (handle, end) = mint(&Principal::shared(), u64::MAX).unwrap();
        assert_eq!((expiry(&Principal::shared(), &handle), end), (Ok(Some(end)), (1 << 40) - 1));
    }

    #[test]
    fn no_two_are_equal() {
        let handles: HashSet<String> = (0..1000).map(|_| mint(&Principal::shared(), 1).unwrap().0).collect();
        assert_eq!(handles.len(), 1000);
    }

    #[test]
    fn a_changed_character_anywhere_is_noticed() {
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
    fn any_other_text_is_a_name() {
        assert_eq!(expiry(&Principal::shared(), "demo"), Ok(None));
        assert_eq!(expiry(&Principal::shared(), "MCPS_demo"), Ok(None));
    }
}
