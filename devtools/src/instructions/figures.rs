//! The kept counts, in a file of the repository. They hold for one build, because another has other instructions.

use std::{fs, path::Path};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use xtask::error::{ErrorExt, Exit};

/// The hint for counts that changed on purpose.
pub(crate) const HOW_TO_ACCEPT: &str =
    "run `cargo xtask instructions --accept` to keep the new counts, and give the reason in the commit";

/// The counts of all paths, with the build and the tools that they come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// The target and the profile. Counts of another build are not compared.
    pub(crate) build: String,
    /// The versions of the compiler and of valgrind, which can change a count without a change to the code.
    pub(crate) tools: Vec<String>,
    pub(crate) paths: Vec<Figure>,
}

/// The count of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) path: String,
    pub(crate) instructions_per_request: u64,
}

impl Figures {
    /// Reads the kept counts; fails unless they are of this build.
    pub(crate) fn kept(file: &Path, build: &str) -> anyhow::Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}")).hint(HOW_TO_ACCEPT)?;
        let kept: Self = serde_json::from_str(&text).with_context(|| format!("cannot parse {name}"))?;
        if kept.build == build {
            return Ok(kept);
        }
        Err(anyhow!("{name} is for the build {}, and this machine has {build}", kept.build))
            .hint("if the build profile changed on purpose, run `cargo xtask instructions --accept`")
            .exit_code(Exit::Preflight)
    }

    /// Writes the counts to a file.
    pub(crate) fn keep(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// The count of a path.
    pub(crate) fn get(&self, path: &str) -> Option<u64> {
        self.paths.iter().find(|figure| figure.path == path).map(|figure| figure.instructions_per_request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask::error::exit_of;

    #[test]
    fn kept_counts_are_read_for_their_build_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("instructions.json");
        let figures = Figures {
            build: "x86_64, quick".to_owned(),
            tools: vec!["rustc 1".to_owned()],
            paths: vec![Figure { path: "a".to_owned(), instructions_per_request: 7 }],
        };
        assert!(Figures::kept(&file, "x86_64, quick").is_err());
        figures.keep(&file).unwrap();
        assert_eq!(Figures::kept(&file, "x86_64, quick").unwrap(), figures);
        let error = Figures::kept(&file, "aarch64, quick").unwrap_err();
        assert_eq!(exit_of(&error), Exit::Preflight);
    }
}
