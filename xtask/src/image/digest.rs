//! SHA-256 as registries write it.

use sha2::{Digest, Sha256};

/// `sha256:` and 64 hex digits.
pub(super) fn of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_digest_is_in_lower_case_with_leading_zeros() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::of(b""), empty);
    }
}
