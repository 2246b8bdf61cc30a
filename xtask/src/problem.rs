//! What stands in the way of a deployment: all of it at once, each with what fixes it. Finds nothing itself.

use anyhow::anyhow;

use crate::error::{self, ErrorExt, Exit};

/// One reason why a deployment would fail.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub what: String,
    pub fix: String,
}

impl Problem {
    /// What another module's error says, with its hints as what to do.
    pub fn of(error: &anyhow::Error) -> Self {
        Self::new(format!("{error:#}"), error::hints_of(error).join("; "))
    }

    pub(crate) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }
}

/// All problems as one error, if there are any.
pub(crate) fn report(problems: &[Problem]) -> anyhow::Result<()> {
    match problems {
        [] => Ok(()),
        [only] => Err(anyhow!("{}", only.what)).hint(only.fix.clone()).exit_code(Exit::Preflight),
        several => {
            let list = several.iter().map(|Problem { what, fix }| format!("\n  - {what}\n    fix: {fix}"));
            Err(anyhow!("{} problems{}", several.len(), list.collect::<String>())).exit_code(Exit::Preflight)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{exit_of, hints_of};

    #[test]
    fn all_problems_come_at_once_each_with_its_fix() {
        let problem = |n: u8| Problem::new(format!("what {n}"), format!("fix {n}"));
        let error = report(&[problem(1), problem(2)]).unwrap_err();
        assert_eq!(error.to_string(), "2 problems\n  - what 1\n    fix: fix 1\n  - what 2\n    fix: fix 2");
        assert_eq!(hints_of(&report(&[problem(1)]).unwrap_err()), ["fix 1"]);
        assert_eq!(exit_of(&error), Exit::Preflight);
        assert!(report(&[]).is_ok());
    }
}
