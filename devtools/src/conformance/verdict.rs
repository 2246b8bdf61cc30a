//! Compares the failures of a scenario with the expected ones.

use super::{
    expected::Expected,
    results::{Check, Status},
    suite::Subject,
};

/// The result of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) subject: Subject,
    pub(crate) version: &'static str,
    pub(crate) scenario: String,
    pub(crate) passed: usize,
    /// Expected failures, with their reasons.
    pub(crate) known: Vec<String>,
    /// Recommendations of the suite that are not met.
    pub(crate) warnings: Vec<String>,
    /// Failures that were not expected.
    pub(crate) problems: Vec<String>,
}

impl Verdict {
    pub(crate) fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Evaluates the checks of a scenario. One without any did not run, which counts as a problem.
pub(crate) fn judge(
    subject: Subject,
    version: &'static str,
    scenario: &str,
    checks: &[Check],
    expected: &[Expected],
) -> Verdict {
    let expected: Vec<&Expected> = expected
        .iter()
        .filter(|known| known.subject == subject && known.version == version && known.scenario == scenario)
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
        .map(|known| format!("{} passed; remove it from conformance/expected.rs", known.check));
    let mut problems: Vec<String> = new.chain(gone).collect();
    if passed == 0 && failures.is_empty() && warnings.is_empty() {
        problems.push("did not run".to_owned());
    }
    let known = expected.iter().map(|known| format!("{}: {}", known.check, known.reason)).collect();
    Verdict { subject, version, scenario: scenario.to_owned(), passed, known, warnings, problems }
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
        &[Expected { subject: Subject::Service, version: "R", scenario: "s", check: "b", reason: "because" }];

    fn check(id: &str, status: Status) -> Check {
        Check { id: id.to_owned(), status, error: None }
    }

    fn judged(checks: &[Check]) -> Verdict {
        judge(Subject::Service, "R", "s", checks, KNOWN)
    }

    #[test]
    fn expected_failure_is_explained() {
        let verdict = judged(&[check("a", Status::Success), check("b", Status::Failure)]);
        assert!(verdict.holds());
        assert_eq!(verdict.known, ["b: because"]);
        assert_eq!(verdict.passed, 1);
    }

    #[test]
    fn unexpected_failure_is_a_problem() {
        assert!(!judged(&[check("a", Status::Failure), check("b", Status::Failure)]).holds());
        assert!(!judge(Subject::Fixture, "R", "s", &[check("b", Status::Failure)], KNOWN).holds());
    }

    #[test]
    fn expected_failure_that_passes_is_a_problem() {
        assert!(!judged(&[check("a", Status::Success), check("b", Status::Success)]).holds());
    }

    #[test]
    fn warning_is_listed_without_failing() {
        let verdict = judge(Subject::Service, "R", "other", &[check("x", Status::Warning)], KNOWN);
        assert!(verdict.holds());
        assert_eq!(verdict.warnings, ["warning: x"]);
    }

    #[test]
    fn scenario_that_did_not_run_is_a_problem() {
        assert!(!judge(Subject::Service, "R", "other", &[], KNOWN).holds());
        assert!(!judge(Subject::Service, "R", "other", &[check("x", Status::Skipped)], KNOWN).holds());
    }
}
