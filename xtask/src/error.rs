//! Exit codes, and the hints that travel with an error.
//!
//! Errors are `anyhow` chains. An exit code or a hint is attached where it is known and read at the edge. Nothing
//! decides by an error's text. `ui` prints it.

use std::{fmt, process::ExitCode};

/// Exit codes other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A failure without a code of its own.
    Failed = 1,
    /// The command line is invalid. clap uses the same code.
    Usage = 2,
    /// Preflight found problems. Nothing was changed.
    Preflight = 3,
    /// The service did not build. Nothing was changed.
    Build = 4,
    /// A change to the deployment failed.
    Apply = 5,
    /// The new version failed. The previous one serves again.
    RolledBack = 6,
    /// The first version failed. Nothing runs.
    FirstDeployFailed = 7,
    /// Nothing responds at the address.
    Unreachable = 8,
    /// The service responds, but a smoke check failed.
    Smoke = 9,
    /// Ctrl-C. Rerunning the command resumes it.
    Interrupted = 130,
}

impl Exit {
    /// The name in events.
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

/// Attaches hints and an exit code to an error, or to the error of a result.
pub trait ErrorExt {
    /// The same error or result, as `anyhow` has it.
    type Output;

    /// Adds a hint: what to do next.
    fn hint(self, hint: impl Into<String>) -> Self::Output;

    /// Sets the exit code. A code that is attached further out takes precedence.
    fn exit_code(self, exit: Exit) -> Self::Output;

    /// Adds a hint if there is one.
    fn hint_if_some(self, hint: Option<String>) -> Self::Output;
}

impl ErrorExt for anyhow::Error {
    type Output = Self;

    fn hint(self, hint: impl Into<String>) -> Self {
        report(self, |reported| reported.hints.push(hint.into()))
    }

    fn exit_code(self, exit: Exit) -> Self {
        report(self, |reported| reported.exit = Some(exit))
    }

    fn hint_if_some(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

impl<T, E: Into<anyhow::Error>> ErrorExt for Result<T, E> {
    type Output = anyhow::Result<T>;

    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| error.into().hint(hint))
    }

    fn exit_code(self, exit: Exit) -> anyhow::Result<T> {
        self.map_err(|error| error.into().exit_code(exit))
    }

    fn hint_if_some(self, hint: Option<String>) -> anyhow::Result<T> {
        self.map_err(|error| error.into().hint_if_some(hint))
    }
}

/// Returns the exit code that an error carries. The outermost takes precedence.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    reported(error).find_map(|reported| reported.exit).unwrap_or(Exit::Failed)
}

/// Returns all hints along the chain, outermost first.
pub fn hints_of(error: &anyhow::Error) -> Vec<&str> {
    reported(error).flat_map(|reported| reported.hints.iter().map(String::as_str)).collect()
}

fn reported(error: &anyhow::Error) -> impl Iterator<Item = &Reported> {
    error.chain().filter_map(|cause| cause.downcast_ref::<Reported>())
}

fn report(error: anyhow::Error, change: impl FnOnce(&mut Reported)) -> anyhow::Error {
    // `downcast` alone would find a cause behind context, and drop the context.
    let outermost = error.chain().next().is_some_and(|cause| cause.is::<Reported>());
    let new = |error| Reported { error, exit: None, hints: Vec::new() };
    let mut reported = if outermost { error.downcast().unwrap_or_else(new) } else { new(error) };
    change(&mut reported);
    reported.into()
}

/// An error with hints and an exit code. In the chain it reads as the error itself.
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
    fn hints_survive_context_and_stay_out_of_the_text() {
        let error = failing().context("outer").unwrap_err();
        assert_eq!(format!("{error:#}"), "outer: root");
        assert_eq!(exit_of(&error), Exit::Build);
        assert_eq!(hints_of(&error), ["first", "second"]);
    }

    #[test]
    fn outermost_exit_code_wins_and_hints_add_up() {
        let error = failing().context("outer").hint("third").exit_code(Exit::RolledBack).unwrap_err();
        assert_eq!(format!("{error:#}"), "outer: root");
        assert_eq!(exit_of(&error), Exit::RolledBack);
        assert_eq!(hints_of(&error), ["third", "first", "second"]);
    }

    #[test]
    fn plain_error_exits_with_failed() {
        let error = anyhow!("x");
        assert_eq!(exit_of(&error), Exit::Failed);
        assert!(hints_of(&error).is_empty());
    }

    #[test]
    fn error_takes_hints_and_exit_code_itself() {
        let error = anyhow!("x").hint("first").exit_code(Exit::Smoke).context("outer");
        assert_eq!((exit_of(&error), hints_of(&error)), (Exit::Smoke, vec!["first"]));
    }
}
