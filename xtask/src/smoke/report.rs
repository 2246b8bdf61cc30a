//! The report of a smoke test: JSON for programs, a table for people.

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
    /// Nothing responded at the address.
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
            unreachable: matches!(checks.first(), Some(Check { outcome: Outcome::Failed(mismatch), .. }) if mismatch.unreachable),
            passed,
            failed: checks.len() - passed - skipped,
            skipped,
            millis: took.as_millis(),
            checks,
        }
    }

    /// Returns true if every check passed. A skipped check did not.
    pub(crate) fn is_green(&self) -> bool {
        self.green
    }

    /// Returns the counts and the duration in one line.
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

    /// Returns a line for each check, with the expected and the actual response under a failed one.
    pub(crate) fn table(&self) -> String {
        columns::render(&self.checks.iter().map(row).collect::<Vec<_>>())
    }
}

fn row(check: &Check) -> Vec<String> {
    let (word, more) = match &check.outcome {
        Outcome::Passed => (ui::paint(Tone::Good, "ok"), String::new()),
        Outcome::Skipped { needs } => (ui::paint(Tone::Note, "skipped"), format!("\nneeds {needs}")),
        Outcome::Failed(mismatch) => {
            let hint = mismatch.hint.as_ref().map_or_else(String::new, |hint| format!("\nhint:     {hint}"));
            (
                ui::paint(Tone::Bad, "FAILED"),
                format!("\nexpected: {}\ngot:      {}{hint}", mismatch.expected, mismatch.got),
            )
        }
    };
    vec![word, format!("{:>4} ms", check.millis), format!("{}{more}", check.name)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Mismatch;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let checks =
            outcomes.into_iter().map(|outcome| Check { name: "name".to_owned(), outcome, millis: 3 }).collect();
        Report::new("http://h", Runner { checks }, Duration::from_millis(5))
    }

    #[test]
    fn skipped_check_is_not_green() {
        assert!(report(vec![Outcome::Passed]).is_green());
        assert!(!report(vec![]).is_green());
        let skipped = report(vec![Outcome::Passed, Outcome::Skipped { needs: "other".to_owned() }]);
        assert!(!skipped.is_green());
        assert_eq!(skipped.summary(), "1 of 2 checks passed, 0 failed, 1 skipped in 5 ms");
    }

    #[test]
    fn failed_check_shows_expectation_and_hint() {
        let table = report(vec![Outcome::Failed(Mismatch::new("a", "b").hint("c"))]).table();
        assert_eq!(
            table,
            "FAILED     3 ms  name\n                 expected: a\n                 got:      b\n                 hint:     c"
        );
    }

    #[test]
    fn json_has_the_outcome_of_every_check() {
        let json = serde_json::to_value(report(vec![Outcome::Failed(Mismatch::new("a", "b"))])).unwrap();
        assert_eq!(
            json["checks"][0],
            serde_json::json!({"name": "name", "outcome": "failed", "expected": "a", "got": "b", "millis": 3})
        );
        assert_eq!(json["green"], false);
    }
}
