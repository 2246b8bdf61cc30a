//! Runs checks one after the other, each within its time, and keeps what came of it. Knows no check.

use std::time::{Duration, Instant};

use serde::Serialize;

const LIMIT: Duration = Duration::from_secs(10);

/// A check that was run, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    pub(crate) millis: u128,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(crate) enum Outcome {
    Passed,
    Failed(Finding),
    /// Another check, on which this one builds, did not pass.
    Skipped {
        needs: String,
    },
}

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) expected: String,
    pub(crate) got: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// Nothing answered at all.
    #[serde(skip)]
    pub(crate) unreachable: bool,
}

impl Finding {
    pub(crate) fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { expected: expected.into(), got: got.into(), hint: None, unreachable: false }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Passes when both are equal.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(expected: &T, got: &T) -> Result<(), Finding> {
    if expected == got { Ok(()) } else { Err(Finding::new(format!("{expected:?}"), format!("{got:?}"))) }
}

/// The checks so far.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    pub(crate) checks: Vec<Check>,
}

impl Runner {
    /// Runs a check; what it found out is there for those that need it.
    pub(crate) async fn check<T>(
        &mut self,
        name: impl Into<String>,
        check: impl Future<Output = Result<T, Finding>>,
    ) -> Option<T> {
        let started = Instant::now();
        let result = tokio::time::timeout(LIMIT, check).await.unwrap_or_else(|_| Err(too_slow()));
        let millis = started.elapsed().as_millis();
        let (outcome, value) = match result {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(finding) => (Outcome::Failed(finding), None),
        };
        self.checks.push(Check { name: name.into(), outcome, millis });
        value
    }

    /// Writes down that a check could not be run.
    pub(crate) fn skip(&mut self, name: impl Into<String>, needs: &str) {
        let outcome = Outcome::Skipped { needs: needs.to_owned() };
        self.checks.push(Check { name: name.into(), outcome, millis: 0 });
    }
}

fn too_slow() -> Finding {
    Finding::new(format!("an answer within {} s", LIMIT.as_secs()), "none")
        .hint("the service hangs or is overloaded; its log says what it does")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::wait_for;

    #[test]
    fn a_failed_check_does_not_stop_the_next() {
        let mut runner = Runner::default();
        wait_for(async {
            let first: Option<()> = runner.check("first", async { Err(Finding::new("a", "b")) }).await;
            assert_eq!(first, None);
            assert_eq!(runner.check("second", async { Ok(7) }).await, Some(7));
        })
        .unwrap();
        runner.skip("third", "first");
        let outcomes: Vec<_> = runner.checks.iter().map(|check| &check.outcome).collect();
        assert!(matches!(outcomes[..], [Outcome::Failed(_), Outcome::Passed, Outcome::Skipped { .. }]));
    }
}
