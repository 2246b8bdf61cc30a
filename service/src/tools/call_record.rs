//! The record of a tool call in log and metrics: outcome, duration, store requests. Never a note, a token, or
//! the name of a session or a principal.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures_util::FutureExt;

use super::error::ToolError;
use crate::telemetry::{Metrics, call::CallContext, targets};

/// Runs the work of a tool call as the current one and records it. A panic becomes [`ToolError::Internal`].
pub(super) async fn recorded<T>(
    metrics: &Metrics,
    call: Arc<CallContext>,
    work: impl Future<Output = Result<T, ToolError>>,
) -> Result<T, ToolError> {
    let mut record = CallRecord { metrics, call: call.clone(), started: Instant::now(), outcome: "cancelled" };
    // The panic hook has logged the panic. Its payload has nothing more.
    let result = call.scope(AssertUnwindSafe(work).catch_unwind()).await.unwrap_or(Err(ToolError::Internal));
    record.outcome = result.as_ref().map_or_else(ToolError::label, |_| "ok");
    result
}

/// Writes the record when dropped, so that a call whose client disconnected is recorded, too.
struct CallRecord<'a> {
    metrics: &'a Metrics,
    call: Arc<CallContext>,
    started: Instant,
    outcome: &'static str,
}

impl Drop for CallRecord<'_> {
    fn drop(&mut self) {
        let (took, outcome) = (self.started.elapsed(), self.outcome);
        let (store_calls, duration_ms) = (self.call.store_requests(), took.as_secs_f64() * 1000.0);
        self.call
            .sync_scope(|| tracing::info!(target: targets::TOOL_CALL, outcome, store_calls, duration_ms, "tool call"));
        self.metrics.tool_call(self.call.tool(), outcome, took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::Principal;

    #[tokio::test]
    async fn panic_becomes_internal_error_without_details() {
        let metrics = Metrics::new("test");
        let result: Result<(), _> =
            recorded(&metrics, CallContext::new("add_note", &Principal::shared()), async { panic!("secret") }).await;
        assert!(matches!(&result, Err(ToolError::Internal)));
        assert!(!result.unwrap_err().to_string().contains("secret"));
    }
}
