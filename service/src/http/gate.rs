//! How many requests are worked on at once, and for how long, the reading of the body included. Too many are turned away at once: a queue would only make
//! every answer late.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::Response,
};
use tokio::{sync::Semaphore, time::Instant};

use super::{body::Since, error_answer};
use crate::config::Limits;

/// The places, and the time each may be held.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { places: Arc::new(Semaphore::new(limits.concurrency)), timeout: limits.request_timeout }
    }
}

pub(super) async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Ok(_place) = gate.places.try_acquire() else {
        let mut answer =
            error_answer(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once; try again in a second");
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return answer;
    };
    let since = request.extensions().get().map_or_else(Instant::now, |Since(at)| *at);
    match tokio::time::timeout_at(since + gate.timeout, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            let seconds = gate.timeout.as_secs();
            let text =
                format!("no answer within {seconds} s; what was asked may have been done: look before repeating it");
            error_answer(StatusCode::GATEWAY_TIMEOUT, text)
        }
    }
}
