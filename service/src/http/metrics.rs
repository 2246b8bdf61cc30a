//! The metrics port: `/metrics` and nothing else.

use axum::{
    extract::Request,
    http::{Method, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::error_response::not_found;
use crate::telemetry::Metrics;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Responds to a request on the metrics port.
pub(crate) fn respond(metrics: &Metrics, request: &Request) -> Response {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => ([(CONTENT_TYPE, OPENMETRICS)], metrics.render()).into_response(),
        _ => not_found(),
    }
}
