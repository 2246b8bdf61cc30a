//! What is recorded of a tool call: outcome, duration, store calls. Never a note, a token, a session's
//! or a principal's name.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures_util::FutureExt;
use tracing::{Instrument, Span};

use super::{Answer, ToolError};
use crate::{principal::Principal, store::count_calls, telemetry::Metrics};

/// Runs a tool call inside its span, contains a panic, and feeds [`Metrics`].
pub(super) async fn observed(
    metrics: &Arc<Metrics>,
    principal: &Principal,
    tool: &'static str,
    call: impl Future<Output = Result<Answer, ToolError>>,
) -> Result<Answer, ToolError> {
    let span = tracing::info_span!(
        "tool_call",
        tool,
        principal = principal.fingerprint(),
        session = tracing::field::Empty,
        outcome = tracing::field::Empty,
        store_calls = tracing::field::Empty,
        duration_ms = tracing::field::Empty,
    );
    let mut call_record = CallRecord { metrics, tool, span: &span, started: Instant::now(), outcome: "cancelled" };
    let contained = AssertUnwindSafe(call).catch_unwind();
    let (result, store_calls) = count_calls(contained).instrument(span.clone()).await;
    // The panic hook has logged what happened; the payload says no more.
    let result = result.unwrap_or(Err(ToolError::Internal));
    span.record("store_calls", store_calls);
    call_record.outcome = result.as_ref().map_or_else(ToolError::label, |_| "ok");
    result
}

/// Told when it is dropped, so that a call whose client went away is told of, too.
struct CallRecord<'a> {
    metrics: &'a Metrics,
    tool: &'static str,
    span: &'a Span,
    started: Instant,
    outcome: &'static str,
}

impl Drop for CallRecord<'_> {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        self.span.record("outcome", self.outcome);
        self.span.record("duration_ms", duration.as_secs_f64() * 1000.0);
        self.span.in_scope(|| tracing::info!("tool call"));
        self.metrics.tool_call(self.tool, self.outcome, duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_tells_nothing() {
        let metrics = Arc::new(Metrics::new("test"));
        let result = observed(&metrics, &Principal::shared(), "add_note", async { panic!("secret") }).await;
        assert!(matches!(&result, Err(ToolError::Internal)));
        assert!(!result.unwrap_err().to_string().contains("secret"));
    }
}
