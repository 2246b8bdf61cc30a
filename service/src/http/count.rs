//! Counts every request, also those whose client goes away before the answer.

use axum::response::Response;

use crate::telemetry::Metrics;

/// A request that is being answered. Dropped without an end, its client went away.
pub(super) struct InFlight<'a> {
    metrics: &'a Metrics,
    status: Option<u16>,
}

impl<'a> InFlight<'a> {
    pub(super) fn begin(metrics: &'a Metrics) -> Self {
        metrics.asked();
        Self { metrics, status: None }
    }

    pub(super) fn end(mut self, answer: &Response) {
        self.status = Some(answer.status().as_u16());
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.answered(self.status);
    }
}
