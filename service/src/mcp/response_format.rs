//! The format of a response: JSON, or an event stream with the one response for clients that accept nothing else.
//!
//! The transport requires clients to accept both (MCP specification, chapter Transports), but some name one and some
//! proxies drop the header. Every request that can be served is served.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    },
    response::Response,
};

use super::transport_errors::is_json;
use crate::http::accepts;

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";

/// The header that every SDK sends, and the only one that rmcp serves.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// The format of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseFormat {
    Json,
    EventStream,
}

impl ResponseFormat {
    /// Chooses JSON if the client accepts it. Returns `None` if the client accepts neither format.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        // Spares almost every request the parsing.
        if headers.get(ACCEPT).is_some_and(|accept| *accept == BOTH) || accepts(headers, JSON) {
            return Some(Self::Json);
        }
        accepts(headers, EVENT_STREAM).then_some(Self::EventStream)
    }

    /// Converts a successful JSON response to this format.
    pub(super) async fn apply(self, response: Response) -> Response {
        if self == Self::Json || response.status() != StatusCode::OK || !is_json(response.headers()) {
            return response;
        }
        // Never fails: the body is complete and in memory.
        self.response(to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default())
    }

    /// Builds the response with a serialized message, which has no line breaks.
    pub(super) fn response(self, json: Bytes) -> Response {
        let (body, content_type) = match self {
            Self::Json => (Body::from(json), JSON),
            Self::EventStream => (Body::from([b"data: ", json.as_ref(), b"\n\n"].concat()), EVENT_STREAM),
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if self == Self::EventStream {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        response
    }
}

/// Replaces the client's Accept header, which has been negotiated, by the one that rmcp requires.
pub(super) fn accept_both(headers: &mut HeaderMap) {
    headers.insert(ACCEPT, BOTH);
}
