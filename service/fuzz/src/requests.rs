//! Requests to the whole service, REST and MCP. Input: a request as text with line feeds: method and path,
//! headers, an empty line, the body.
//!
//! Properties: no response is a server error. Every response is JSON, or one event with JSON, with a length limited by
//! its request. REST reports invalid JSON exactly if the body is not JSON. `get_notes` returns every acknowledged note.

use std::cell::RefCell;

use axum::body::Body;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{CONTENT_TYPE, HOST},
};
use serde_json::{Value, json};

use crate::{
    is_grammatical, lines,
    service::{Response, Service},
};

/// The longest response that repeats nothing of its request: the list of tools.
const MAX_OWN_BYTES: usize = 16 * 1024;
/// The longest batch, in messages.
const MAX_BATCH: usize = 32;
/// The largest ratio of response to request: `echo_cached` returns its text twice, and upper case can triple
/// its length.
const MAX_RATIO: usize = 8;

thread_local! {
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

/// Checks the properties for one input.
pub fn check(input: &[u8]) {
    let Some((request, body)) = parse(input) else { return };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    SERVICE.with_borrow_mut(|kept| {
        let service = kept.take().unwrap_or_else(|| Service::start(&[], None));
        let response = service.send(request);
        check_form(&response, input.len(), if body.trim_ascii_start().starts_with(b"[") { MAX_BATCH } else { 1 });
        let wrote = match (method, path.as_str()) {
            (Method::POST, "/mcp/call_tool") => check_rest(&service, body, &response),
            (Method::POST, "/mcp") => check_mcp(&service, body, &response),
            _ => false,
        };
        // The effect of an input must not depend on earlier ones, or a crash would not be reproducible.
        *kept = (!wrote).then_some(service);
    });
}

/// Parses the request, and returns its body as well. `None` for a request that hyper would reject.
fn parse(input: &[u8]) -> Option<(Request<Body>, &[u8])> {
    let end = input.windows(2).position(|two| two == b"\n\n")?;
    let (head, body) = (&input[..end], &input[end + 2..]);
    let mut head = lines(head);
    let mut start = head.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(start.next()?).uri(start.next()?);
    for line in head {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    let mut request = request.body(Body::from(body.to_vec())).ok()?;
    request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static("localhost"));
    Some((request, body))
}

fn check_form(response: &Response, request_bytes: usize, messages: usize) {
    assert!(!response.status.is_server_error(), "{} {}", response.status, String::from_utf8_lossy(&response.body));
    assert!(
        response.body.len() <= MAX_OWN_BYTES * messages + MAX_RATIO * request_bytes,
        "{} bytes for {request_bytes}",
        response.body.len()
    );
    if !response.body.is_empty() {
        response.json();
    }
    if !response.body.is_empty() && !response.is_event_stream() {
        assert_eq!(response.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes), Some(&b"application/json"[..]));
    }
}

/// Returns whether the call may have written.
fn check_rest(service: &Service, body: &[u8], response: &Response) -> bool {
    if ![StatusCode::OK, StatusCode::BAD_REQUEST].contains(&response.status) {
        return false;
    }
    let result = response.json();
    let Ok(call) = serde_json::from_slice::<Value>(body) else {
        // Grammatical JSON may have half of a surrogate pair or too large a number, which the error names.
        assert_eq!(result == json!({"error": "Invalid JSON"}), !is_grammatical(body), "{result}");
        return false;
    };
    assert_ne!(result["error"], "Invalid JSON", "valid JSON is rejected");
    if response.status == StatusCode::OK {
        check_acknowledged_note(service, &call);
    }
    response.status == StatusCode::OK
}

/// Returns whether the call may have written.
fn check_mcp(service: &Service, body: &[u8], response: &Response) -> bool {
    if !response.body.is_empty() && response.json().is_array() {
        return true;
    }
    if response.status != StatusCode::OK || response.json()["result"]["isError"] != false {
        return false;
    }
    let call: Value = serde_json::from_slice(body).expect("invalid JSON called a tool");
    check_acknowledged_note(service, &call["params"]);
    true
}

/// Checks that `get_notes` returns the note of a successful `add_note`, and no other, because the service is new.
fn check_acknowledged_note(service: &Service, call: &Value) {
    if call["name"] != "add_note" {
        return;
    }
    let (session, note) = (&call["arguments"]["session_id"], &call["arguments"]["note"]);
    let read = json!({"name": "get_notes", "arguments": {"session_id": session}}).to_string();
    let request = Request::post("/mcp/call_tool").header(HOST, "localhost").body(Body::from(read));
    let kept = service.send(request.expect("the request is valid"));
    assert_eq!(kept.json(), json!({"result": [note]}), "the acknowledged note is lost");
}
