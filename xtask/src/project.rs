//! The name of a deployment. It names a directory and begins every name on AWS, so it is validated first.
//! `infra/variables.tf` has the same rule.

use std::{fmt, fs, path::Path, str::FromStr};

use serde::Serialize;

use crate::nearest::nearest;

const LONGEST: usize = 32;
/// EC2 reserves the first in names of security groups, SSM the others in names of parameters.
const RESERVED: [&str; 3] = ["sg-", "aws", "ssm"];

/// A valid name: a lower-case letter, then letters, digits and single hyphens, 2 to 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Project(String);

impl Project {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns ` --project <name>`, or nothing for the default, as the end of a command in a hint.
    pub(crate) fn flag(&self) -> String {
        if *self == Self::default() { String::new() } else { format!(" --project {self}") }
    }

    /// Returns a hint for a project that is not deployed, if one with a similar name is. `root` is the project's
    /// directory, whose siblings are those of the other projects.
    pub(crate) fn similar_hint(&self, root: &Path) -> Option<String> {
        let entries = fs::read_dir(root.parent()?).ok()?;
        let names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let others = names.iter().map(String::as_str).filter(|name| *name != self.as_str());
        nearest(self.as_str(), others).map(|name| format!("did you mean `--project {name}`?"))
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
                "expected a lower-case letter, then lower-case letters, digits and single hyphens, 2 to {LONGEST} characters"
            ));
        }
        match RESERVED.iter().find(|reserved| name.starts_with(**reserved)) {
            Some(reserved) => Err(format!("names that begin with {reserved} are reserved by AWS")),
            None => Ok(Self(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_directory_are_rejected() {
        for bad in ["", "a", "..", "a/b", "Aa", "1a", "-a", "a-", "a--b", "a_b", "a b", "ä", "aws-x", &"a".repeat(33)]
        {
            assert!(bad.parse::<Project>().is_err(), "{bad:?}");
        }
        for good in ["ab", "mcp-stateful", "a1-b", &"a".repeat(32)] {
            assert!(good.parse::<Project>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn similar_project_is_suggested() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("notes-prod")).unwrap();
        let mistyped: Project = "notes-pord".parse().unwrap();
        let hint = mistyped.similar_hint(&directory.path().join("notes-pord"));
        assert_eq!(hint.as_deref(), Some("did you mean `--project notes-prod`?"));
        assert_eq!(mistyped.similar_hint(&directory.path().join("none").join("none")), None);
    }
}
