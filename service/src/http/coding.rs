//! The transfer and content codings of a request's body. The service decodes chunks and nothing else.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, TRANSFER_ENCODING},
    },
    response::Response,
};

use super::error_response::error_response;

/// Returns the response to a request with a transfer coding that the service does not decode (RFC 9112, section 6.1).
///
/// hyper rejects a list that does not end in `chunked`, and ignores every coding before it.
pub(crate) fn reject_transfer_coding(headers: &HeaderMap) -> Option<Response> {
    if !headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let codings: Vec<&str> = codings(headers, TRANSFER_ENCODING).collect();
    if !codings.iter().all(|coding| coding.eq_ignore_ascii_case("chunked")) {
        let text = "unsupported Transfer-Encoding: send the body as it is, or in chunks";
        return Some(error_response(StatusCode::NOT_IMPLEMENTED, text));
    }
    // A sender must not apply `chunked` more than once.
    let repeated = codings.len() > 1;
    repeated.then(|| error_response(StatusCode::BAD_REQUEST, "invalid Transfer-Encoding: chunked is listed twice"))
}

/// The text of a 415 for an encoded body.
pub(crate) const UNSUPPORTED_CONTENT_CODING: &str = "unsupported Content-Encoding: send the body without compression";

/// Returns true if the headers declare a body that is encoded, for example compressed.
pub(crate) fn has_content_coding(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_ENCODING)
        && codings(headers, CONTENT_ENCODING).any(|coding| !coding.eq_ignore_ascii_case("identity"))
}

/// Adds the header that names the accepted coding to a 415 (RFC 9110, section 15.5.16).
pub(crate) fn with_accepted_coding(mut response: Response) -> Response {
    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    response
}

fn codings(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    // A coding that is not ASCII is unknown.
    let lines = headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or("unknown"));
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|coding| !coding.is_empty())
}
