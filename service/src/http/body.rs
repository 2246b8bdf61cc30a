//! Reads a request's body before anything works on it: whole, within its size and its time.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_LENGTH},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::Instant;

use super::error_answer;
use crate::config::Limits;

/// A request's body, in its extensions, for those who look at a request that another layer consumes.
#[derive(Debug, Clone)]
pub struct Body(pub Bytes);

/// When work on a request began, in its extensions: from then on its time runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(pub(super) Instant);

pub(super) async fn read_body(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let declared = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.body_bytes as u64) {
        return too_large(limits.body_bytes);
    }
    let collected = Limited::new(body, limits.body_bytes).collect();
    match tokio::time::timeout(limits.body_timeout, collected).await {
        Ok(Ok(body)) => {
            let bytes = body.to_bytes();
            parts.extensions.insert(Body(bytes.clone()));
            next.run(Request::from_parts(parts, bytes.into())).await
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(limits.body_bytes),
        Ok(Err(_)) => error_answer(StatusCode::BAD_REQUEST, "the body broke off"),
        Err(_) => too_slow(limits.body_timeout),
    }
}

fn too_large(limit: usize) -> Response {
    error_answer(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {limit} bytes"))
}

fn too_slow(limit: Duration) -> Response {
    error_answer(StatusCode::REQUEST_TIMEOUT, format!("the body was not here within {} s", limit.as_secs()))
}
