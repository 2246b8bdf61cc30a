//! What ends a command badly: the exit codes, all of them here, and the hints that travel with an error.
//!
//! Errors are `anyhow` chains. An exit code or a hint is attached where it is known and read at the edge; nothing decides by
//! an error's text. Printing is `ui`'s.

use std::{fmt, process::ExitCode};

/// Every exit code but 0, which is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something failed that has no code of its own.
    Failed = 1,
    /// The command line asks for something that there is not (clap uses the same code).
    Usage = 2,
    /// The machine is not ready for a deployment; nothing was changed.
    Preflight = 3,
    /// The service did not build; nothing was changed.
    Build = 4,
    /// A change to the deployment could not be made.
    Apply = 5,
    /// The new version did not become ready; the previous one serves again.
    RolledBack = 6,
    /// The first version did not become ready; nothing runs.
    FirstDeployFailed = 7,
    /// Nothing answers at the address.
    Unreachable = 8,
    /// The service answers, and some smoke check did not pass.
    Smoke = 9,
    /// Somebody pressed Ctrl-C; running the command again goes on from there.
    Interrupted = 130,
}

impl Exit {
    /// Its name in events.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Preflight => "preflight",
            Self::Build => "build",
            Self::Apply => "apply",
            Self::RolledBack => "rolled_back",
            Self::FirstDeployFailed => "first_deploy_failed",
            Self::Unreachable => "unreachable",
            Self::Smoke => "smoke",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Attaches to an error what the reader and the shell need beside its text.
pub trait ErrorExt<T> {
    /// Adds a line that says what to do next.
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T>;

    /// Sets the exit code, unless a cause further out sets another.
    fn exit_code(self, exit: Exit) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> ErrorExt<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| advise(error.into(), |advised| advised.hints.push(hint.into())))
    }

    fn exit_code(self, exit: Exit) -> anyhow::Result<T> {
        self.map_err(|error| advise(error.into(), |advised| advised.exit = Some(exit)))
    }
}

/// The exit code that an error carries; the outermost wins.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    advised(error).find_map(|advised| advised.exit).unwrap_or(Exit::Failed)
}

/// All hints along the chain, outermost first.
pub fn hints_of(error: &anyhow::Error) -> Vec<&str> {
    advised(error).flat_map(|advised| advised.hints.iter().map(String::as_str)).collect()
}

fn advised(error: &anyhow::Error) -> impl Iterator<Item = &Reported> {
    error.chain().filter_map(|cause| cause.downcast_ref::<Reported>())
}

fn advise(error: anyhow::Error, change: impl FnOnce(&mut Reported)) -> anyhow::Error {
    // `downcast` alone would look through context, and lose it.
    let outermost = error.chain().next().is_some_and(|cause| cause.is::<Reported>());
    let fresh = |error| Reported { error, exit: None, hints: Vec::new() };
    let mut advised = if outermost { error.downcast().unwrap_or_else(fresh) } else { fresh(error) };
    change(&mut advised);
    advised.into()
}

/// An error with advice; in the chain it reads as the error itself.
#[derive(Debug)]
struct Reported {
    error: anyhow::Error,
    exit: Option<Exit>,
    hints: Vec<String>,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Reported {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn failing() -> anyhow::Result<()> {
        Err(anyhow!("root")).hint("first").hint("second").exit_code(Exit::Build)
    }

    #[test]
    fn advice_survives_context_and_does_not_show_in_the_text() {
        let error = failing().context("outer").unwrap_err();
        assert_eq!(format!("{error:#}"), "outer: root");
        assert_eq!(exit_of(&error), Exit::Build);
        assert_eq!(hints_of(&error), ["first", "second"]);
    }

    #[test]
    fn the_outermost_exit_code_wins_and_hints_add_up() {
        let error = failing().context("outer").hint("third").exit_code(Exit::RolledBack).unwrap_err();
        assert_eq!(format!("{error:#}"), "outer: root");
        assert_eq!(exit_of(&error), Exit::RolledBack);
        assert_eq!(hints_of(&error), ["third", "first", "second"]);
    }

    #[test]
    fn an_error_without_advice_is_plain_failure() {
        let error = anyhow!("x");
        assert_eq!(exit_of(&error), Exit::Failed);
        assert!(hints_of(&error).is_empty());
    }
}
