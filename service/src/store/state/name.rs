//! The names of states, counters and logs.

use super::StateProblem;

/// The longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// The name of a state, counter or log: 1 to 64 of the characters `A-Z a-z 0-9 _ . -`.
///
/// The separator of keys is not among them, so no name reaches into the items of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// Checks a name.
    ///
    /// # Errors
    /// [`StateProblem::InvalidName`] for any other text.
    pub fn new(name: &'a str) -> Result<Self, StateProblem> {
        if Self::is_valid(name) { Ok(Self(name)) } else { Err(StateProblem::InvalidName) }
    }

    /// Returns true if `name` is a valid name. Usable in constants, so that a type's name is checked when it is
    /// compiled.
    pub const fn is_valid(name: &str) -> bool {
        let bytes = name.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !(bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | b'.' | b'-')) {
                return false;
            }
            at += 1;
        }
        !bytes.is_empty() && bytes.len() <= MAX_NAME_BYTES
    }

    pub(in crate::store) fn as_str(self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_cannot_contain_a_key_separator() {
        for valid in ["cart", "a", "A-b_c.9", &"x".repeat(64)] {
            assert!(Name::new(valid).is_ok(), "{valid}");
        }
        for invalid in ["", "a#b", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(Name::new(invalid), Err(StateProblem::InvalidName), "{invalid}");
        }
    }
}
