//! Many clients at once, and the outcome of each of their calls.

use std::{ops::RangeInclusive, sync::Arc};

use futures_util::future;
use serde_json::Value;

use super::{CallError, TestClient};

/// The outcomes of calls that many clients made at once, each with the number of its call.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// The calls that returned a result. Their effect must be stored, once.
    pub acknowledged: Vec<(usize, Value)>,
    /// The calls that had no effect, by their error.
    pub refused: Vec<(usize, CallError)>,
    /// The calls that may have had their effect, at most once.
    pub unknown: Vec<(usize, CallError)>,
}

impl Outcomes {
    /// Returns the numbers of effects that the store may hold: at least one for each acknowledged call, and at most one
    /// more for each call of unknown outcome.
    pub fn effects(&self) -> RangeInclusive<usize> {
        self.acknowledged.len()..=self.acknowledged.len() + self.unknown.len()
    }

    fn add(&mut self, number: usize, result: Result<Value, CallError>) {
        match result {
            Ok(value) => self.acknowledged.push((number, value)),
            Err(error) if error.leaves_outcome_unknown() => self.unknown.push((number, error)),
            Err(error) => self.refused.push((number, error)),
        }
    }
}

impl TestClient {
    /// Makes `calls` calls of one tool, from `clients` clients at once. `arguments` returns the arguments of each call
    /// by its number, from 0.
    ///
    /// Each client has connections of its own and makes one call at a time.
    pub async fn concurrently(
        &self,
        clients: usize,
        calls: usize,
        tool: &str,
        arguments: impl Fn(usize) -> Value + Send + Sync + 'static,
    ) -> Outcomes {
        let arguments = Arc::new(arguments);
        let client = |first: usize| {
            let (client, tool, arguments) = (self.another(), tool.to_owned(), arguments.clone());
            // A task for each, so that a runtime with several threads uses them all.
            tokio::spawn(async move {
                // The clients begin with different replicas.
                client.skip(first);
                let mut results = Vec::new();
                for number in (first..calls).step_by(clients) {
                    results.push((number, client.call(&tool, arguments(number)).await));
                }
                results
            })
        };
        let mut outcomes = Outcomes::default();
        for results in future::join_all((0..clients).map(client)).await {
            let results = results.expect("a client panicked");
            results.into_iter().for_each(|(number, result)| outcomes.add(number, result));
        }
        outcomes
    }
}
