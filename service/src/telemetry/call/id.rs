//! The ids of calls. They connect the log lines of one call, also across replicas.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

/// The id of a call: 16 hex digits.
#[derive(Debug)]
pub(super) struct CallId([u8; 16]);

impl CallId {
    /// Returns a new id. A process counts up from a random number, so two replicas are unlikely to share one.
    pub(super) fn next() -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(getrandom::u64().unwrap_or_default()));
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut digits = [0; 16];
        for (place, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(number >> (60 - 4 * place) & 0xf) as usize];
        }
        Self(digits)
    }

    pub(super) fn as_str(&self) -> &str {
        // Hex digits are ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hex_and_unique() {
        let (one, two) = (CallId::next(), CallId::next());
        assert_ne!(one.as_str(), two.as_str());
        assert!(one.as_str().len() == 16 && u64::from_str_radix(one.as_str(), 16).is_ok());
    }
}
