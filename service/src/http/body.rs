//! Reads a request's body before anything works on it: whole, within its size and its time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header::CONTENT_LENGTH},
    response::Response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error_answer;
use crate::config::Limits;

/// The whole body; the answer for one that is too long, too slow or breaks off.
pub(super) async fn read(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, Box<Response>> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(too_large(limits.body_bytes).into());
    }
    let collected = Limited::new(body, limits.body_bytes).collect();
    match tokio::time::timeout(limits.body_timeout, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limits.body_bytes).into()),
        Ok(Err(_)) => Err(error_answer(StatusCode::BAD_REQUEST, "the body broke off").into()),
        Err(_) => Err(too_slow(limits.body_timeout).into()),
    }
}

fn too_large(limit: usize) -> Response {
    error_answer(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {limit} bytes"))
}

fn too_slow(limit: Duration) -> Response {
    error_answer(StatusCode::REQUEST_TIMEOUT, format!("the body was not here within {} s", limit.as_secs()))
}
