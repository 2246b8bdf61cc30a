//! Error responses outside MCP: `{"error": "<text>"}`, the shape of the v1 server.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Builds a response with `status` and the body `{"error": text}`.
pub fn error_response(status: StatusCode, text: impl Into<String>) -> Response {
    (status, Json(json!({"error": text.into()}))).into_response()
}

/// Builds the 404 for every path and method without a route.
pub(crate) fn not_found() -> Response {
    error_response(StatusCode::NOT_FOUND, "Not found")
}

/// Builds the 500 after a panic. The panic hook has logged the location; the panic's text may quote a client.
pub(crate) fn internal_error() -> Response {
    error_response(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
}
