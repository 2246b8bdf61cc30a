//! Requests to the whole service, REST and MCP. Input: a request as text, lines ended by a line feed: method and path,
//! headers, an empty line, the body.
//!
//! Nothing is answered with a defect of the server, every answer is JSON and no longer than its request gives reason for,
//! REST takes a body for JSON exactly if it is, and a note that was acknowledged is what `get_notes` returns.

use std::cell::RefCell;

use axum::body::Body;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{CONTENT_TYPE, HOST},
};
use serde_json::{Value, json};

use crate::{
    lines,
    service::{Answer, Service},
};

/// The longest answer beside what it repeats of its request: the list of tools.
const LONGEST_OWN: usize = 16 * 1024;
/// How many times an answer may repeat its request: `echo_cached` tells its text twice, and upper case can be three times as long.
const MOST_REPEATED: usize = 8;

thread_local! {
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

/// Holds the property for one input.
pub fn hold(input: &[u8]) {
    let Some((request, body)) = parse(input) else { return };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    SERVICE.with_borrow_mut(|kept| {
        let service = kept.take().unwrap_or_else(|| Service::start(&[], None));
        let answer = service.ask(request);
        has_sound_form(&answer, input.len());
        let wrote = match (method, path.as_str()) {
            (Method::POST, "/mcp/call_tool") => rest(&service, body, &answer),
            (Method::POST, "/mcp") => mcp(&service, body, &answer),
            _ => false,
        };
        // What an input does must not depend on those before it: else a crash could not be repeated.
        *kept = (!wrote).then_some(service);
    });
}

/// The request, and its body once more. `None` for what hyper would not hand to us.
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

fn has_sound_form(answer: &Answer, asked: usize) {
    assert!(!answer.status.is_server_error(), "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
    assert!(answer.body.len() <= LONGEST_OWN + MOST_REPEATED * asked, "{} bytes for {asked}", answer.body.len());
    if !answer.body.is_empty() {
        answer.json();
        assert_eq!(answer.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes), Some(&b"application/json"[..]));
    }
}

/// Whether something was written.
fn rest(service: &Service, body: &[u8], answer: &Answer) -> bool {
    if ![StatusCode::OK, StatusCode::BAD_REQUEST].contains(&answer.status) {
        return false;
    }
    let told = answer.json();
    let Ok(call) = serde_json::from_slice::<Value>(body) else {
        assert_eq!(told, json!({"error": "Invalid JSON"}));
        return false;
    };
    assert_ne!(told["error"], "Invalid JSON", "what is JSON is not read as such");
    if answer.status == StatusCode::OK {
        keeps_what_it_acknowledged(service, &call);
    }
    answer.status == StatusCode::OK
}

/// Whether something was written.
fn mcp(service: &Service, body: &[u8], answer: &Answer) -> bool {
    if answer.status != StatusCode::OK || answer.json()["result"]["isError"] != false {
        return false;
    }
    let call: Value = serde_json::from_slice(body).expect("a tool was called by what is no JSON");
    keeps_what_it_acknowledged(service, &call["params"]);
    true
}

/// `call` was answered as done: if it was an `add_note`, `get_notes` has that note and, in this new service, no other.
fn keeps_what_it_acknowledged(service: &Service, call: &Value) {
    if call["name"] != "add_note" {
        return;
    }
    let (session, note) = (&call["arguments"]["session_id"], &call["arguments"]["note"]);
    let read = json!({"name": "get_notes", "arguments": {"session_id": session}}).to_string();
    let request = Request::post("/mcp/call_tool").header(HOST, "localhost").body(Body::from(read));
    let kept = service.ask(request.expect("the parts are valid"));
    assert_eq!(kept.json(), json!({"result": [note]}), "acknowledged, and not kept");
}
