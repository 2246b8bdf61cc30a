//! Counts every request, also those whose client goes away before the answer.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

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
    let answer = next.run(request).await;
    in_flight.status = Some(answer.status().as_u16());
    answer
}
