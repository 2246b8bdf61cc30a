//! Judges one scenario: its failures against those that are known.

use super::{
    expected::Expected,
    results::{Check, Status},
    suite::Subject,
};

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) subject: Subject,
    pub(crate) revision: &'static str,
    pub(crate) scenario: String,
    pub(crate) passed: usize,
    /// Failures that are known, with their reasons.
    pub(crate) known: Vec<String>,
    /// What the suite would have liked, and does not require.
    pub(crate) warnings: Vec<String>,
    /// What makes the run fail.
    pub(crate) problems: Vec<String>,
}

impl Verdict {
    pub(crate) fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Judges the checks of a scenario; none at all means that it did not run, which is no success.
pub(crate) fn judge(
    subject: Subject,
    revision: &'static str,
    scenario: &str,
    checks: &[Check],
    expected: &[Expected],
) -> Verdict {
    let expected: Vec<&Expected> = expected
        .iter()
        .filter(|known| known.subject == subject && known.revision == revision && known.scenario == scenario)
        .collect();
    let of = |status: Status| checks.iter().filter(move |check| check.status == status);
    let failures: Vec<&Check> = of(Status::Failure).collect();
    let passed = of(Status::Success).count();
    let warnings: Vec<String> = of(Status::Warning).map(|check| format!("warning: {}", describe(check))).collect();

    let is_known = |check: &Check| expected.iter().any(|known| known.check == check.id);
    let new = failures.iter().filter(|check| !is_known(check)).map(|check| describe(check));
    let gone = expected
        .iter()
        .filter(|known| !failures.iter().any(|check| check.id == known.check))
        .map(|known| format!("{} is listed as a known failure and does not fail: take it off the list", known.check));
    let mut problems: Vec<String> = new.chain(gone).collect();
    if passed == 0 && failures.is_empty() && warnings.is_empty() {
        problems.push("did not run".to_owned());
    }
    let known = expected.iter().map(|known| format!("{}: {}", known.check, known.reason)).collect();
    Verdict { subject, revision, scenario: scenario.to_owned(), passed, known, warnings, problems }
}

fn describe(check: &Check) -> String {
    match &check.error {
        Some(error) => format!("{}: {}", check.id, error.lines().next().unwrap_or_default()),
        None => check.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Expected] =
        &[Expected { subject: Subject::Service, revision: "R", scenario: "s", check: "b", reason: "because" }];

    fn check(id: &str, status: Status) -> Check {
        Check { id: id.to_owned(), status, error: None }
    }

    fn judged(checks: &[Check]) -> Verdict {
        judge(Subject::Service, "R", "s", checks, KNOWN)
    }

    #[test]
    fn a_known_failure_is_no_problem_and_is_explained() {
        let verdict = judged(&[check("a", Status::Success), check("b", Status::Failure)]);
        assert!(verdict.holds());
        assert_eq!(verdict.known, ["b: because"]);
        assert_eq!(verdict.passed, 1);
    }

    #[test]
    fn an_unknown_failure_is_a_problem() {
        assert!(!judged(&[check("a", Status::Failure), check("b", Status::Failure)]).holds());
        assert!(!judge(Subject::Fixture, "R", "s", &[check("b", Status::Failure)], KNOWN).holds());
    }

    #[test]
    fn a_known_failure_that_is_gone_must_leave_the_list() {
        assert!(!judged(&[check("a", Status::Success), check("b", Status::Success)]).holds());
    }

    #[test]
    fn a_warning_is_told_and_is_no_problem() {
        let verdict = judge(Subject::Service, "R", "other", &[check("x", Status::Warning)], KNOWN);
        assert!(verdict.holds());
        assert_eq!(verdict.warnings, ["warning: x"]);
    }

    #[test]
    fn a_scenario_that_did_not_run_does_not_hold() {
        assert!(!judge(Subject::Service, "R", "other", &[], KNOWN).holds());
        assert!(!judge(Subject::Service, "R", "other", &[check("x", Status::Skipped)], KNOWN).holds());
    }
}
