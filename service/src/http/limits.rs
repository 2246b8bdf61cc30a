//! Limits of one request: the size of its body, the time to read it, the number of requests at once, and the
//! total time.
//!
//! A request above the concurrency limit is rejected at once, because a queue would only delay every response.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, RETRY_AFTER},
    },
    response::Response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::error_response::error_response;
use crate::config::Limits;

/// Enforces [`Limits`] on requests.
#[derive(Debug)]
pub(super) struct RequestLimits {
    limits: Arc<Limits>,
    permits: Semaphore,
}

impl RequestLimits {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self { permits: Semaphore::new(limits.concurrency), limits }
    }

    /// Reads the whole body. Returns a 413 for a body that is too long, a 408 for one that is too slow.
    pub(super) async fn read_body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Box<Response>> {
        let (limit, timeout) = (self.limits.body_bytes, self.limits.body_timeout);
        let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit).into());
        }
        let collected = Limited::new(body, limit).collect();
        match tokio::time::timeout(timeout, collected).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit).into()),
            Ok(Err(_)) => {
                let text = "unreadable body: it ended early, or its chunked coding is malformed";
                Err(error_response(StatusCode::BAD_REQUEST, text).into())
            }
            Err(_) => Err(too_slow(timeout).into()),
        }
    }

    /// Takes one of the permits, which is returned when the guard is dropped. Returns a 503 if none is left.
    pub(super) fn acquire(&self) -> Result<SemaphorePermit<'_>, Box<Response>> {
        self.permits.try_acquire().map_err(|_| {
            let text = "too many concurrent requests; retry in a second";
            let mut response = error_response(StatusCode::SERVICE_UNAVAILABLE, text);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response.into()
        })
    }

    /// Runs `work` until the request's deadline, which counts from `started`. Returns a 504 after it.
    pub(super) async fn with_timeout(
        &self,
        started: Instant,
        work: impl Future<Output = Response>,
    ) -> Result<Response, Box<Response>> {
        let limit = self.limits.request_timeout;
        tokio::time::timeout_at(started + limit, work).await.map_err(|_| {
            let seconds = limit.as_secs();
            let text =
                format!("no response within {seconds} s; the call may have taken effect: check before repeating it");
            error_response(StatusCode::GATEWAY_TIMEOUT, text).into()
        })
    }
}

fn too_large(limit: usize) -> Response {
    error_response(StatusCode::PAYLOAD_TOO_LARGE, format!("body too large: the limit is {limit} bytes"))
}

fn too_slow(limit: Duration) -> Response {
    let text = format!("body too slow: it did not arrive within {} s", limit.as_secs());
    error_response(StatusCode::REQUEST_TIMEOUT, text)
}
