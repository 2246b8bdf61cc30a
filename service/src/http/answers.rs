//! The shape of an answer that no surface gave: `{"error": "<text>"}`, as the original's.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// `status` with `{"error": text}`.
pub fn error_answer(status: StatusCode, text: impl Into<String>) -> Response {
    (status, Json(json!({"error": text.into()}))).into_response()
}

/// 404, for every path and method that is not ours.
pub(super) fn not_found() -> Response {
    error_answer(StatusCode::NOT_FOUND, "Not found")
}

/// 500, after a panic. The panic hook has logged where; what it said may quote a client.
pub(super) fn panicked() -> Response {
    error_answer(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
}
