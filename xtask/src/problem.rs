//! The problems that prevent a deployment: all are reported together, each with a hint. Finds no problems itself.

use std::fmt::Write;

use anyhow::anyhow;

use crate::error::{self, ErrorExt, Exit};

/// One reason why a deployment would fail.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// Lower case, without a full stop, such as `port 3333 is taken`.
    pub what: String,
    /// The action that solves it, such as a command or a setting. Lines after the first are further actions.
    pub fix: String,
}

impl Problem {
    /// Turns an error into a problem: its chain becomes the message, its hints become the hint.
    pub fn from_error(error: &anyhow::Error) -> Self {
        Self::new(format!("{error:#}"), error::hints_of(error).join("\n"))
    }

    pub(crate) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }

    fn hints(&self) -> impl Iterator<Item = &str> {
        self.fix.lines()
    }
}

/// Fails with [`Exit::Preflight`] if there are problems. One problem reads like any error. Several are numbered:
///
/// ```text
/// error: 2 problems
///   1. port 3333 is taken
///      hint: choose another with --port
///   2. cargo was not found
///      hint: install Rust with rustup
/// ```
pub(crate) fn report(problems: &[Problem]) -> anyhow::Result<()> {
    match problems {
        [] => Ok(()),
        [only] => {
            let error: anyhow::Result<()> = Err(anyhow!("{}", only.what));
            only.hints().fold(error, |error, hint| error.hint(hint)).exit_code(Exit::Preflight)
        }
        several => Err(anyhow!("{} problems{}", several.len(), list(several))).exit_code(Exit::Preflight),
    }
}

fn list(problems: &[Problem]) -> String {
    let mut list = String::new();
    for (number, problem) in (1..).zip(problems) {
        let label = format!("{number}. ");
        let indent = " ".repeat(label.len());
        let what = problem.what.replace('\n', &format!("\n  {indent}"));
        // Writing to a string cannot fail.
        write!(list, "\n  {label}{what}").ok();
        for hint in problem.hints() {
            write!(list, "\n  {indent}hint: {hint}").ok();
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{exit_of, hints_of};

    #[test]
    fn several_problems_are_numbered_with_hints() {
        let problem = |n: u8| Problem::new(format!("what {n}"), format!("do {n}"));
        let error = report(&[problem(1), problem(2)]).unwrap_err();
        let expected = "2 problems\n  1. what 1\n     hint: do 1\n  2. what 2\n     hint: do 2";
        assert_eq!(error.to_string(), expected);
        assert_eq!(exit_of(&error), Exit::Preflight);
    }

    #[test]
    fn single_problem_reads_like_an_error() {
        let error = report(&[Problem::new("what", "do this\nor that")]).unwrap_err();
        assert_eq!(error.to_string(), "what");
        assert_eq!(hints_of(&error), ["do this", "or that"]);
        assert!(report(&[]).is_ok());
    }

    #[test]
    fn hints_of_an_error_become_lines() {
        let failed: anyhow::Result<()> = Err(anyhow!("cause")).hint("first").hint("second");
        let problem = Problem::from_error(&failed.unwrap_err());
        assert_eq!((problem.what.as_str(), problem.fix.as_str()), ("cause", "first\nsecond"));
    }
}
