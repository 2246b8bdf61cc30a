//! The bearer token. Input: the values of `Authorization` headers, one per line.
//!
//! Property: only the scheme `Bearer` with the exact token is accepted. Everything else gets a 401 with a challenge.

use std::cell::LazyCell;

use axum::body::Body;
use http::{
    HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE},
};

use crate::{lines, service::Service};

/// The service's token, which the seeds contain.
const TOKEN: &str = "0123456789abcdef";

thread_local! {
    static SERVICE: LazyCell<Service> = LazyCell::new(|| Service::start(&[], Some(TOKEN)));
}

/// Checks the property for one input.
pub fn check(input: &[u8]) {
    let Ok(values) = lines(input).map(HeaderValue::from_bytes).collect::<Result<Vec<_>, _>>() else { return };
    let mut request = Request::get("/mcp/list_tools").header(HOST, "localhost");
    for value in &values {
        request = request.header(AUTHORIZATION, value);
    }
    let request = request.body(Body::empty()).expect("the request is valid");
    let response = SERVICE.with(|service| service.send(request));
    let valid = values.iter().any(|value| is_valid(value.as_bytes()));
    match response.status {
        StatusCode::OK => assert!(valid, "accepted without the token"),
        StatusCode::UNAUTHORIZED => {
            assert!(response.headers.contains_key(WWW_AUTHENTICATE), "a 401 without a challenge");
            assert!(!valid || values.len() > 1, "the token is rejected");
        }
        other => panic!("unexpected status {other}"),
    }
}

/// Returns whether a header has the scheme in any case, spaces and the exact token (RFC 9110, section 11.4;
/// RFC 6750, section 2.1).
fn is_valid(value: &[u8]) -> bool {
    let Some((scheme, token)) = value.split_at_checked(7) else { return false };
    scheme.eq_ignore_ascii_case(b"bearer ") && token.trim_ascii() == TOKEN.as_bytes()
}
