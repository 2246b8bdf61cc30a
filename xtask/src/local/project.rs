//! The name of a deployment. It becomes a directory's name, so it is checked before anything else sees it.

use std::{fmt, str::FromStr};

const LONGEST: usize = 32;

/// A checked name: a lower-case letter, then letters, digits and hyphens, 32 characters at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Project(String);

impl Project {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Project {
    fn default() -> Self {
        Self("mcp-stateful".to_owned())
    }
}

impl fmt::Display for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Project {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let rest_fits = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if starts_well && rest_fits && name.len() <= LONGEST {
            return Ok(Self(name.to_owned()));
        }
        Err(format!(
            "a project's name is a lower-case letter, then lower-case letters, digits and hyphens, {LONGEST} characters at most"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_directory_are_refused() {
        for bad in ["", "..", "a/b", "A", "1a", "-a", "a_b", "a b", "ä", &"a".repeat(33)] {
            assert!(bad.parse::<Project>().is_err(), "{bad:?}");
        }
        for good in ["a", "mcp-stateful", "a1-", &"a".repeat(32)] {
            assert!(good.parse::<Project>().is_ok(), "{good:?}");
        }
    }
}
