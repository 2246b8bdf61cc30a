//! The bearer token. Input: the values of `Authorization` headers, one on each line.
//!
//! Only the scheme `Bearer` with the exact token is admitted; everything else is a 401 with a challenge.

use std::cell::LazyCell;

use axum::body::Body;
use http::{
    HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE},
};

use crate::{lines, service::Service};

/// The service's token; the seeds have it too.
const TOKEN: &str = "0123456789abcdef";

thread_local! {
    static SERVICE: LazyCell<Service> = LazyCell::new(|| Service::start(&[], Some(TOKEN)));
}

/// Holds the property for one input.
pub fn hold(input: &[u8]) {
    let Ok(values) = lines(input).map(HeaderValue::from_bytes).collect::<Result<Vec<_>, _>>() else { return };
    let mut request = Request::get("/mcp/list_tools").header(HOST, "localhost");
    for value in &values {
        request = request.header(AUTHORIZATION, value);
    }
    let request = request.body(Body::empty()).expect("the parts are valid");
    let answer = SERVICE.with(|service| service.ask(request));
    let right = values.iter().any(|value| is_right(value.as_bytes()));
    match answer.status {
        StatusCode::OK => assert!(right, "admitted without the token"),
        StatusCode::UNAUTHORIZED => {
            assert!(answer.headers.contains_key(WWW_AUTHENTICATE), "a 401 without a challenge");
            assert!(!right || values.len() > 1, "the token is refused");
        }
        other => panic!("{other} is no answer to a token"),
    }
}

/// RFC 9110, section 11.4, and RFC 6750, section 2.1: the scheme in any case, blanks, the token as it is.
fn is_right(value: &[u8]) -> bool {
    let Some((scheme, token)) = value.split_at_checked(7) else { return false };
    scheme.eq_ignore_ascii_case(b"bearer ") && token.trim_ascii() == TOKEN.as_bytes()
}
