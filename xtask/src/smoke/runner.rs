//! Runs checks one after the other, each within a time limit, and keeps their outcomes. Knows no check.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::client::Mismatch;

const LIMIT: Duration = Duration::from_secs(10);

/// A check that was run or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    pub(crate) millis: u128,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(crate) enum Outcome {
    Passed,
    Failed(Mismatch),
    /// Another check, which this one needs, failed.
    Skipped {
        needs: String,
    },
}

/// The checks so far.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    pub(crate) checks: Vec<Check>,
}

impl Runner {
    /// Runs a check. Returns its value, for checks that build on it.
    pub(crate) async fn check<T>(
        &mut self,
        name: impl Into<String>,
        check: impl Future<Output = Result<T, Mismatch>>,
    ) -> Option<T> {
        let started = Instant::now();
        let result = tokio::time::timeout(LIMIT, check).await.unwrap_or_else(|_| Err(too_slow()));
        let millis = started.elapsed().as_millis();
        let (outcome, value) = match result {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(mismatch) => (Outcome::Failed(mismatch), None),
        };
        self.checks.push(Check { name: name.into(), outcome, millis });
        value
    }

    /// Records a check that could not be run.
    pub(crate) fn skip(&mut self, name: impl Into<String>, needs: &str) {
        let outcome = Outcome::Skipped { needs: needs.to_owned() };
        self.checks.push(Check { name: name.into(), outcome, millis: 0 });
    }
}

fn too_slow() -> Mismatch {
    Mismatch::new(format!("a response within {} s", LIMIT.as_secs()), "none")
        .hint("inspect the service's log: it hangs or is overloaded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::wait_for;

    #[test]
    fn failed_check_does_not_stop_the_next() {
        let mut runner = Runner::default();
        wait_for(async {
            let first: Option<()> = runner.check("first", async { Err(Mismatch::new("a", "b")) }).await;
            assert_eq!(first, None);
            assert_eq!(runner.check("second", async { Ok(7) }).await, Some(7));
        })
        .unwrap();
        runner.skip("third", "first");
        let outcomes: Vec<_> = runner.checks.iter().map(|check| &check.outcome).collect();
        assert!(matches!(outcomes[..], [Outcome::Failed(_), Outcome::Passed, Outcome::Skipped { .. }]));
    }
}
