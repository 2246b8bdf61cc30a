//! Counts every request, also those whose client goes away before the answer, and answers for one that panics.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use futures_util::FutureExt;

use super::answers;
use crate::telemetry::Metrics;

struct InFlight {
    metrics: Arc<Metrics>,
    status: Option<u16>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.metrics.answered(self.status);
    }
}

pub(super) async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    metrics.asked();
    let mut in_flight = InFlight { metrics, status: None };
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| answers::panicked());
    in_flight.status = Some(answer.status().as_u16());
    answer
}
