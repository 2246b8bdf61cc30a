//! Turns rmcp's rejections, which are plain text, into JSON-RPC errors that a client can parse.
//!
//! rmcp returns 415 for malformed JSON, for a batch and for JSON that is not a request, 400 for an unknown protocol version and 405 for any method but POST. Codes: JSON-RPC
//! 2.0, section 5.1.

use axum::{
    Json,
    body::to_bytes,
    http::{
        HeaderMap, StatusCode,
        header::{ALLOW, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::tools::ToolError;

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INTERNAL_ERROR: i32 = -32603;

/// The longest rejection that is read. rmcp's have one line.
const MAX_REJECTION_BYTES: usize = 4096;

/// Returns rmcp's response to a request with `body`, or a JSON-RPC error in place of a rejection.
pub(super) async fn as_json_rpc(response: Response, declared_json: bool, body: &[u8]) -> Response {
    if response.status().is_server_error() && !is_json(response.headers()) {
        // rmcp quotes the cause, which is for the operator.
        let error = rpc_error(INTERNAL_ERROR, ToolError::Internal.to_string(), Value::Null);
        return (response.status(), Json(error)).into_response();
    }
    if !response.status().is_client_error() || is_json(response.headers()) {
        return response;
    }
    match response.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE if declared_json => {
            (StatusCode::BAD_REQUEST, Json(classify_body(body))).into_response()
        }
        StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            as_json_rpc_error(response).await
        }
        _ => response,
    }
}

/// Returns whether the headers declare a JSON body.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()?.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Wraps the rejection's text into a JSON-RPC error with the same status.
async fn as_json_rpc_error(rejection: Response) -> Response {
    let (parts, body) = rejection.into_parts();
    let text = to_bytes(body, MAX_REJECTION_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut response = (parts.status, Json(rpc_error(INVALID_REQUEST, text, Value::Null))).into_response();
    if let Some(methods) = parts.headers.get(ALLOW) {
        response.headers_mut().insert(ALLOW, methods.clone());
    }
    response
}

/// Returns the error for a body that rmcp could not parse as a request.
fn classify_body(body: &[u8]) -> Value {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => rpc_error(PARSE_ERROR, format!("Parse error: invalid JSON: {error}"), Value::Null),
        Ok(Value::Array(_)) => {
            let text = "Invalid Request: batches are not supported; send one message in each POST";
            rpc_error(INVALID_REQUEST, text.to_owned(), Value::Null)
        }
        Ok(message) => {
            let text = "Invalid Request: expected \"jsonrpc\": \"2.0\", a \"method\" and, unless it is a notification, an \"id\"";
            rpc_error(INVALID_REQUEST, text.to_owned(), id_of(&message))
        }
    }
}

/// Returns the id if JSON-RPC allows its type, and null otherwise.
fn id_of(message: &Value) -> Value {
    match message.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    }
}

/// Builds the response to a request that this server rejects before rmcp reads it.
pub(super) fn rejection(status: StatusCode, text: &str) -> Response {
    (status, Json(rpc_error(INVALID_REQUEST, text.to_owned(), Value::Null))).into_response()
}

fn rpc_error(code: i32, message: String, id: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_json_batch_and_wrong_shape_differ() {
        assert_eq!(classify_body(b"{\"a\":")["error"]["code"], -32700);
        assert_eq!(classify_body(b"[{}]")["error"]["code"], -32600);
        let shape = classify_body(b"{\"id\": 7, \"jsonrpc\": \"1.0\"}");
        assert_eq!((&shape["error"]["code"], &shape["id"]), (&json!(-32600), &json!(7)));
    }
}
