//! What came of a smoke test: for programs as JSON, for people as a table.

use std::time::Duration;

use serde::Serialize;

use super::runner::{Check, Outcome, Runner};
use crate::{
    columns,
    ui::{self, Tone},
};

/// All checks of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub(crate) url: String,
    pub(crate) green: bool,
    /// Nothing answered at the address.
    pub(crate) unreachable: bool,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    pub(crate) millis: u128,
    pub(crate) checks: Vec<Check>,
}

impl Report {
    pub(crate) fn new(url: &str, runner: Runner, took: Duration) -> Self {
        let checks = runner.checks;
        let count = |wanted: fn(&Outcome) -> bool| checks.iter().filter(|check| wanted(&check.outcome)).count();
        let passed = count(|outcome| matches!(outcome, Outcome::Passed));
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped { .. }));
        Self {
            url: url.to_owned(),
            green: passed == checks.len() && passed > 0,
            unreachable: matches!(checks.first(), Some(Check { outcome: Outcome::Failed(finding), .. }) if finding.unreachable),
            passed,
            failed: checks.len() - passed - skipped,
            skipped,
            millis: took.as_millis(),
            checks,
        }
    }

    /// Whether every check passed; one that was skipped did not.
    pub(crate) fn is_green(&self) -> bool {
        self.green
    }

    /// One line.
    pub(crate) fn summary(&self) -> String {
        let total = self.checks.len();
        if self.green {
            return format!("all {total} checks passed in {} ms", self.millis);
        }
        format!(
            "{} of {total} checks passed, {} failed, {} skipped in {} ms",
            self.passed, self.failed, self.skipped, self.millis
        )
    }

    /// A line for each check; under a failed one, what was expected, what came, and what to do.
    pub(crate) fn table(&self) -> String {
        columns::render(&self.checks.iter().map(row).collect::<Vec<_>>())
    }
}

fn row(check: &Check) -> Vec<String> {
    let (word, more) = match &check.outcome {
        Outcome::Passed => (ui::paint(Tone::Good, "ok"), String::new()),
        Outcome::Skipped { needs } => (ui::paint(Tone::Note, "skipped"), format!("\nneeds {needs}")),
        Outcome::Failed(finding) => {
            let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("\nhint:     {hint}"));
            (
                ui::paint(Tone::Bad, "FAILED"),
                format!("\nexpected: {}\ngot:      {}{hint}", finding.expected, finding.got),
            )
        }
    };
    vec![word, format!("{:>4} ms", check.millis), format!("{}{more}", check.name)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::runner::Finding;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let checks =
            outcomes.into_iter().map(|outcome| Check { name: "name".to_owned(), outcome, millis: 3 }).collect();
        Report::new("http://h", Runner { checks }, Duration::from_millis(5))
    }

    #[test]
    fn a_skipped_check_is_not_green_and_neither_is_no_check() {
        assert!(report(vec![Outcome::Passed]).is_green());
        assert!(!report(vec![]).is_green());
        let skipped = report(vec![Outcome::Passed, Outcome::Skipped { needs: "other".to_owned() }]);
        assert!(!skipped.is_green());
        assert_eq!(skipped.summary(), "1 of 2 checks passed, 0 failed, 1 skipped in 5 ms");
    }

    #[test]
    fn a_failed_check_says_what_was_expected_and_what_to_do() {
        let table = report(vec![Outcome::Failed(Finding::new("a", "b").hint("c"))]).table();
        assert_eq!(
            table,
            "FAILED     3 ms  name\n                 expected: a\n                 got:      b\n                 hint:     c"
        );
    }

    #[test]
    fn json_carries_the_outcome_of_every_check() {
        let json = serde_json::to_value(report(vec![Outcome::Failed(Finding::new("a", "b"))])).unwrap();
        assert_eq!(
            json["checks"][0],
            serde_json::json!({"name": "name", "outcome": "failed", "expected": "a", "got": "b", "millis": 3})
        );
        assert_eq!(json["green"], false);
    }
}
