//! The JSON-RPC errors that this server returns in place of rmcp, for messages that reach no handler.
//!
//! Codes: JSON-RPC 2.0, section 5.1. Over HTTP, an error about the message itself has status 400. An error about the
//! parameters of a request has status 200, as rmcp sends it.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::json::{Fault, FaultKind};

pub(super) const PARSE_ERROR: i32 = -32700;
pub(super) const INVALID_REQUEST: i32 = -32600;
pub(super) const INVALID_PARAMS: i32 = -32602;
pub(super) const INTERNAL_ERROR: i32 = -32603;

/// A refused message.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The status of an HTTP response.
    pub(super) status: StatusCode,
    /// The message's id, or null if it has none that can be read.
    pub(super) id: Value,
    error: RefusalError,
}

#[derive(Debug)]
enum RefusalError {
    /// An error of the protocol.
    Protocol { code: i32, text: String },
    /// A failed tool call. Clients show its text to the model, which can correct the arguments (MCP 2025-11-25, tools,
    /// section "Error Handling").
    Tool { text: String, modern: bool },
}

impl Refusal {
    /// Refuses an invalid request.
    pub(super) fn invalid_request(id: Value, text: impl Into<String>) -> Self {
        Self::protocol(StatusCode::BAD_REQUEST, id, INVALID_REQUEST, format!("Invalid Request: {}", text.into()))
    }

    /// Refuses the parameters of a request, or of a notification, which has no id.
    pub(super) fn invalid_params(id: Value, text: impl Into<String>) -> Self {
        let status = if id.is_null() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Self::protocol(status, id, INVALID_PARAMS, format!("invalid params: {}", text.into()))
    }

    pub(super) fn protocol(status: StatusCode, id: Value, code: i32, text: String) -> Self {
        Self { status, id, error: RefusalError::Protocol { code, text } }
    }

    /// Returns the message that responds to the refused one.
    pub(super) fn to_message(&self) -> Value {
        match &self.error {
            RefusalError::Protocol { code, text } => {
                json!({"jsonrpc": "2.0", "id": self.id, "error": {"code": code, "message": text}})
            }
            RefusalError::Tool { text, modern } => {
                let mut result = json!({"content": [{"type": "text", "text": text}], "isError": true});
                if *modern {
                    result["resultType"] = "complete".into();
                }
                json!({"jsonrpc": "2.0", "id": self.id, "result": result})
            }
        }
    }

    /// Adapts the refusal to the protocol version of its request: results have a type from 2026-07-28.
    pub(super) fn for_version(mut self, is_modern: bool) -> Self {
        if let RefusalError::Tool { modern, .. } = &mut self.error {
            *modern = is_modern;
        }
        self
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let text = fault.to_string();
        let id = request_id(Some(&fault.id));
        let in_params =
            fault.place == "params" || fault.place.starts_with("params.") || fault.place.starts_with("params[");
        match fault.kind {
            FaultKind::NotJson(_) => {
                Self::protocol(StatusCode::BAD_REQUEST, Value::Null, PARSE_ERROR, format!("Parse error: {text}"))
            }
            FaultKind::LoneSurrogate | FaultKind::NumberTooLarge
                if fault.method.as_deref() == Some("tools/call")
                    && fault.place.starts_with("params.arguments")
                    && !id.is_null() =>
            {
                Self { status: StatusCode::OK, id, error: RefusalError::Tool { text, modern: false } }
            }
            FaultKind::LoneSurrogate | FaultKind::NumberTooLarge if in_params => Self::invalid_params(id, text),
            _ => Self::invalid_request(id, text),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.to_message())).into_response()
    }
}

/// Returns the id if JSON-RPC allows its type, and null otherwise.
pub(super) fn request_id(id: Option<&Value>) -> Value {
    match id {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn fault_becomes_the_error_of_its_place() {
        for (text, status, id, code) in [
            ("{", 400, json!(null), json!(-32700)),
            (r#"{"id":1,"method":"ping","method":"ping"}"#, 400, json!(1), json!(-32600)),
            (r#"{"id":1,"method":"ping","params":{"a":"\ud83d"}}"#, 200, json!(1), json!(-32602)),
            (r#"{"method":"ping","params":{"a":"\ud83d"}}"#, 400, json!(null), json!(-32602)),
            (r#"{"id":"a","method":"\ud83d"}"#, 400, json!("a"), json!(-32600)),
            (r#"{"id":1,"method":"tools/call","params":{"arguments":{"a":"\ud83d"}}}"#, 200, json!(1), json!(null)),
        ] {
            let refusal = Refusal::from(json::read(text.as_bytes()).unwrap_err());
            let message = refusal.to_message();
            assert_eq!((refusal.status.as_u16(), &message["id"]), (status, &id), "{text}: {message}");
            assert_eq!(
                (&message["error"]["code"], message["result"]["isError"] == true),
                (&code, code.is_null()),
                "{text}"
            );
        }
    }
}
