//! The name of a deployment. It becomes a directory's name and begins every name on AWS, so it is checked before anything
//! else sees it; `infra/variables.tf` has the same rule.

use std::{fmt, str::FromStr};

use serde::Serialize;

const LONGEST: usize = 32;
/// EC2 keeps the first for itself in names of security groups, SSM the others in names of parameters.
const RESERVED: [&str; 3] = ["sg-", "aws", "ssm"];

/// A checked name: a lower-case letter, then letters, digits and single hyphens, 2 to 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Project(String);

impl Project {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Project {
    /// ` --project <name>`, or nothing for the default: the end of a command that is printed to be typed.
    pub(crate) fn flag(&self) -> String {
        if *self == Self::default() { String::new() } else { format!(" --project {self}") }
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
        let hyphens_fit = !name.contains("--") && !name.ends_with('-');
        if !starts_well || !rest_fits || !hyphens_fit || !(2..=LONGEST).contains(&name.len()) {
            return Err(format!(
                "a project's name is a lower-case letter, then lower-case letters, digits and single hyphens, 2 to {LONGEST} characters"
            ));
        }
        match RESERVED.iter().find(|reserved| name.starts_with(**reserved)) {
            Some(reserved) => Err(format!("names that begin with {reserved} are AWS's own")),
            None => Ok(Self(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_directory_are_refused() {
        for bad in ["", "a", "..", "a/b", "Aa", "1a", "-a", "a-", "a--b", "a_b", "a b", "ä", "aws-x", &"a".repeat(33)]
        {
            assert!(bad.parse::<Project>().is_err(), "{bad:?}");
        }
        for good in ["ab", "mcp-stateful", "a1-b", &"a".repeat(32)] {
            assert!(good.parse::<Project>().is_ok(), "{good:?}");
        }
    }
}
