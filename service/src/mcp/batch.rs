//! Batches: several messages in one array, which protocol version 2025-03-26 says a server must receive
//! (<https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#sending-messages-to-the-server>).
//! 2025-06-18 removed them again.
//!
//! Each member is a call of its own. They run one after the other, so that a client may read what it has just
//! written, and a batch takes no more of the server at once than a single message.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use rmcp::model::ProtocolVersion;
use serde_json::Value;

use super::{
    envelope::{self, Kind},
    refusal::{INVALID_REQUEST, Refusal, request_id},
    versions::VERSION,
};

/// The longest batch, in messages.
pub(super) const MAX_MESSAGES: usize = 32;

/// The size of the responses from which on the remaining requests of a batch are refused. One response may exceed it.
pub(super) const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// Checks that a batch over HTTP may be served. The version of a request without the header is 2025-03-26 by the
/// transport's rule, because only later ones have the header.
pub(super) fn check(headers: &HeaderMap, messages: &[Value]) -> Result<(), Refusal> {
    let mut versions = headers.get_all(VERSION).iter();
    let allowed = match (versions.next(), versions.next()) {
        (None, _) => true,
        (Some(version), None) => version.as_bytes() == ProtocolVersion::V_2025_03_26.as_str().as_bytes(),
        (Some(_), Some(_)) => false,
    };
    if !allowed {
        let text = "only protocol version 2025-03-26 has batches; send one message in each POST";
        return Err(Refusal::invalid_request(Value::Null, text));
    }
    check_length(messages)
}

/// Checks the number of messages in a batch.
pub(super) fn check_length(messages: &[Value]) -> Result<(), Refusal> {
    match messages.len() {
        0 => Err(Refusal::invalid_request(Value::Null, "the batch is empty")),
        1..=MAX_MESSAGES => Ok(()),
        count => {
            let text = format!("the batch has {count} messages; the limit is {MAX_MESSAGES}");
            Err(Refusal::invalid_request(Value::Null, text))
        }
    }
}

/// The messages of a batch that are not served yet, and the responses to the others.
#[derive(Debug)]
pub(super) struct Batch {
    messages: std::vec::IntoIter<Value>,
    responses: Responses,
    /// A message was valid.
    valid: bool,
}

impl Batch {
    pub(super) fn new(messages: Vec<Value>) -> Self {
        Self { messages: messages.into_iter(), responses: Responses::default(), valid: false }
    }

    /// Returns the next request. Handles the messages before it that reach no handler.
    pub(super) fn next_request(&mut self) -> Option<Value> {
        for mut message in self.messages.by_ref() {
            match check_member(&mut message) {
                Ok(Kind::Request) if self.responses.bytes() > MAX_RESPONSE_BYTES => {
                    let id = request_id(message.get("id"));
                    let text = "the request was not executed: the responses before it fill the batch; send it alone";
                    let full = Refusal::protocol(StatusCode::OK, id, INVALID_REQUEST, text.to_owned());
                    self.responses.push(&full.to_message());
                }
                Ok(Kind::Request) => {
                    self.valid = true;
                    return Some(message);
                }
                // No notification changes anything in a server without protocol sessions.
                Ok(Kind::Notification) => self.valid = true,
                Ok(Kind::Response) => {
                    let text = "this server sends no requests, so it accepts no responses";
                    self.responses.push(&Refusal::invalid_request(Value::Null, text).to_message());
                }
                Err(refusal) => self.responses.push(&refusal.to_message()),
            }
        }
        None
    }

    /// Adds a response.
    pub(super) fn push(&mut self, message: &Value) {
        self.responses.push(message);
    }

    /// Adds the response to the last request over HTTP.
    pub(super) async fn add(&mut self, response: Response) {
        // The body is in memory, and the tools limit its size.
        if let Ok(text) = to_bytes(response.into_body(), usize::MAX).await {
            self.responses.push_text(&text);
        }
    }

    /// Returns all responses as one array. Without any, the status is 202. It is 400 if no message was valid.
    pub(super) fn into_response(self) -> Response {
        let status = if self.valid { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let Some(text) = self.into_text() else { return StatusCode::ACCEPTED.into_response() };
        let mut response = (status, Body::from(text)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// Returns all responses as one array in JSON, if there are any.
    pub(super) fn into_text(self) -> Option<Vec<u8>> {
        let mut text = self.responses.0;
        if text.is_empty() {
            return None;
        }
        text.push(b']');
        Some(text)
    }
}

fn check_member(message: &mut Value) -> Result<Kind, Refusal> {
    let envelope = envelope::check(message)?;
    match envelope.method.as_str() {
        // https://modelcontextprotocol.io/specification/2025-03-26/basic/lifecycle#initialization
        "initialize" => Err(Refusal::invalid_request(envelope.id, "initialize must not be part of a batch")),
        _ => Ok(envelope.kind),
    }
}

/// The array of the responses, as JSON text.
#[derive(Debug, Default)]
struct Responses(Vec<u8>);

impl Responses {
    fn bytes(&self) -> usize {
        self.0.len()
    }

    fn push(&mut self, message: &Value) {
        self.push_text(message.to_string().as_bytes());
    }

    fn push_text(&mut self, text: &[u8]) {
        self.0.push(if self.0.is_empty() { b'[' } else { b',' });
        self.0.extend_from_slice(text);
    }
}
