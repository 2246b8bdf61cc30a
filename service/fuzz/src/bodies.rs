//! Bodies of REST calls that reach no tool, so that the store does not slow the target down. Input: the body.
//!
//! Property: the rejection names the reason. The body is not JSON, has a part that no JSON value represents, is not a
//! call, or is a call of an unknown tool.

use std::cell::LazyCell;

use axum::body::Body;
use http::{Request, StatusCode, header::HOST};
use serde_json::{Value, json};

use crate::{is_grammatical, service::Service};

thread_local! {
    static SERVICE: LazyCell<Service> = LazyCell::new(|| Service::start(&[], None));
}

/// Checks the property for one input.
pub fn check(input: &[u8]) {
    let parsed = serde_json::from_slice::<Value>(input);
    let name = parsed.as_ref().ok().and_then(|call| call["name"].as_str());
    if name.is_some_and(|name| SERVICE.with(|service| service.has_tool(name))) {
        return;
    }
    let request = Request::post("/mcp/call_tool").header(HOST, "localhost").body(Body::from(input.to_vec()));
    let response = SERVICE.with(|service| service.send(request.expect("the request is valid")));
    let body = response.json();
    let error = body["error"].as_str().unwrap_or_default();
    assert_eq!((response.status, &body), (StatusCode::BAD_REQUEST, &json!({"error": error})));
    if error.starts_with("duplicate key `") {
        return;
    }
    let expected = match (&parsed, name) {
        (Err(_), _) if is_grammatical(input) => return assert_ne!(error, "Invalid JSON"),
        (Err(_), _) => "Invalid JSON",
        (Ok(_), None) => "`name` is missing",
        (Ok(call), Some(_)) if call["arguments"].is_null() || call["arguments"].is_object() => "unknown tool: ",
        (Ok(_), Some(_)) => "`arguments` must be an object",
    };
    assert!(error.starts_with(expected), "{error:?} instead of {expected:?}");
}
