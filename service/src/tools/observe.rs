//! What is recorded of a tool call: outcome, duration, store calls. Never a note, a token, a session's
//! or a principal's name.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures_util::FutureExt;

use super::{Answer, ToolError};
use crate::{
    principal::Principal,
    telemetry::{Metrics, call::Call},
};

/// Runs a tool call as the current one, contains a panic, and feeds [`Metrics`].
pub(super) async fn observed(
    metrics: &Metrics,
    principal: &Principal,
    tool: &'static str,
    work: impl Future<Output = Result<Box<dyn Answer>, ToolError>>,
) -> Result<Box<dyn Answer>, ToolError> {
    let call = Call::new(tool, principal);
    let mut record = CallRecord { metrics, call: call.clone(), started: Instant::now(), outcome: "cancelled" };
    // The panic hook has logged what happened; the payload says no more.
    let result = call.scope(AssertUnwindSafe(work).catch_unwind()).await.unwrap_or(Err(ToolError::Internal));
    record.outcome = result.as_ref().map_or_else(ToolError::label, |_| "ok");
    result
}

/// Told when it is dropped, so that a call whose client went away is told of, too.
struct CallRecord<'a> {
    metrics: &'a Metrics,
    call: Arc<Call>,
    started: Instant,
    outcome: &'static str,
}

impl Drop for CallRecord<'_> {
    fn drop(&mut self) {
        let (took, outcome) = (self.started.elapsed(), self.outcome);
        let (store_calls, duration_ms) = (self.call.store_calls(), took.as_secs_f64() * 1000.0);
        self.call.sync_scope(|| tracing::info!(outcome, store_calls, duration_ms, "tool call"));
        self.metrics.tool_call(self.call.tool(), outcome, took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_tells_nothing() {
        let metrics = Metrics::new("test");
        let result = observed(&metrics, &Principal::shared(), "add_note", async { panic!("secret") }).await;
        assert!(matches!(&result, Err(ToolError::Internal)));
        assert!(!result.unwrap_err().to_string().contains("secret"));
    }
}
