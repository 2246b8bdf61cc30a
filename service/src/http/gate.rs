//! How many requests are worked on at once, and for how long, the reading of the body included. Too many are turned away at
//! once: a queue would only make every answer late.

use std::{future::Future, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::error_answer;
use crate::config::Limits;

/// The places, and the time each may be held.
#[derive(Debug)]
pub(super) struct Gate {
    places: Semaphore,
    timeout: Duration,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { places: Semaphore::new(limits.concurrency), timeout: limits.request_timeout }
    }

    /// A place, held until it is dropped; the answer if there is none.
    pub(super) fn enter(&self) -> Result<SemaphorePermit<'_>, Box<Response>> {
        self.places.try_acquire().map_err(|_| {
            let mut answer =
                error_answer(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once; try again in a second");
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            answer.into()
        })
    }

    /// The answer of `work`, on a request that came at `since`; another one if it takes too long.
    pub(super) async fn in_time(
        &self,
        since: Instant,
        work: impl Future<Output = Response>,
    ) -> Result<Response, Box<Response>> {
        tokio::time::timeout_at(since + self.timeout, work).await.map_err(|_| {
            let seconds = self.timeout.as_secs();
            let text =
                format!("no answer within {seconds} s; what was asked may have been done: look before repeating it");
            error_answer(StatusCode::GATEWAY_TIMEOUT, text).into()
        })
    }
}
