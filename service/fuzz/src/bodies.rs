//! Bodies of REST calls, by the hundred thousand: those that reach no tool, so that no store slows them down. Input: the body.
//!
//! A body is refused for what it is: no JSON, no call, or a call of a tool that there is not.

use std::cell::LazyCell;

use axum::body::Body;
use http::{Request, StatusCode, header::HOST};
use serde_json::{Value, json};

use crate::service::Service;

const TOOLS: [&str; 5] = ["add_note", "create_session", "echo_cached", "get_notes", "reset_session"];

thread_local! {
    static SERVICE: LazyCell<Service> = LazyCell::new(|| Service::start(&[], None));
}

/// Holds the property for one input.
pub fn hold(input: &[u8]) {
    let read = serde_json::from_slice::<Value>(input);
    let name = read.as_ref().ok().and_then(|call| call["name"].as_str());
    if name.is_some_and(|name| TOOLS.contains(&name)) {
        return;
    }
    let request = Request::post("/mcp/call_tool").header(HOST, "localhost").body(Body::from(input.to_vec()));
    let answer = SERVICE.with(|service| service.ask(request.expect("the parts are valid")));
    let told = answer.json();
    let error = told["error"].as_str().unwrap_or_default();
    assert_eq!((answer.status, &told), (StatusCode::BAD_REQUEST, &json!({"error": error})));
    let wanted = match (&read, name) {
        (Err(_), _) => "Invalid JSON",
        (Ok(_), None) => "`name` is missing",
        (Ok(call), Some(_)) if call["arguments"].is_null() || call["arguments"].is_object() => "unknown tool: ",
        (Ok(_), Some(_)) => "`arguments` has to be an object",
    };
    assert!(error.starts_with(wanted), "{error:?} instead of {wanted:?}");
}
