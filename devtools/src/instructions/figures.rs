//! The figures that are kept, in a file of the repository: for one build only, since another has other instructions.

use std::{fs, path::Path};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use xtask::error::{ErrorExt, Exit};

/// What a command gives who wants new figures.
pub(crate) const HOW_TO_ACCEPT: &str =
    "`cargo xtask instructions --accept` writes the new figures: commit them, and say why in the message";

/// All paths' figures, and what they are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// The target and the profile; figures of another are not compared.
    pub(crate) build: String,
    /// The compiler and valgrind, for who wonders about a change that nobody made.
    pub(crate) tools: Vec<String>,
    pub(crate) paths: Vec<Figure>,
}

/// A path's figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) path: String,
    pub(crate) instructions_per_request: u64,
}

impl Figures {
    /// Those kept in a file; fails unless they are of this build.
    pub(crate) fn kept(file: &Path, build: &str) -> anyhow::Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}")).hint(HOW_TO_ACCEPT)?;
        let kept: Self = serde_json::from_str(&text).with_context(|| format!("cannot read {name}"))?;
        if kept.build == build {
            return Ok(kept);
        }
        Err(anyhow!("{name} is of another build ({}) than this machine's ({build}); they are not compared", kept.build))
            .hint("if it is the build that has been changed, and not the machine, accept its figures with --accept")
            .exit_code(Exit::Preflight)
    }

    /// Keeps them.
    pub(crate) fn keep(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    pub(crate) fn of(&self, path: &str) -> Option<u64> {
        self.paths.iter().find(|figure| figure.path == path).map(|figure| figure.instructions_per_request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask::error::exit_of;

    #[test]
    fn figures_are_read_as_they_were_kept_and_only_for_their_build() {
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
        let refused = Figures::kept(&file, "aarch64, quick").unwrap_err();
        assert_eq!(exit_of(&refused), Exit::Preflight);
    }
}
