//! Turns the transport's refusals, which are lines of text, into JSON-RPC errors that a client can read.
//!
//! rmcp answers 415 to malformed JSON, to a batch and to JSON that is no request, 406 to an `Accept` it cannot serve and 400
//! to a revision it does not know; 405 to anything but a POST. The codes are those of JSON-RPC 2.0, section 5.1.

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

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

/// The longest refusal that is read to be told again; rmcp's have one line.
const MAX_REFUSAL_BYTES: usize = 4096;

/// The transport's answer to a request with `body`, or one in its place if it refused.
pub(super) async fn explain(answer: Response, declared_json: bool, body: &[u8]) -> Response {
    if !answer.status().is_client_error() || is_json(answer.headers()) {
        return answer;
    }
    match answer.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE if declared_json => {
            (StatusCode::BAD_REQUEST, Json(diagnose(body))).into_response()
        }
        StatusCode::BAD_REQUEST
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::NOT_ACCEPTABLE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => told_again(answer).await,
        _ => answer,
    }
}

/// Whether something is JSON by its headers.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()?.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

async fn told_again(refusal: Response) -> Response {
    let (parts, body) = refusal.into_parts();
    let text = to_bytes(body, MAX_REFUSAL_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut answer = (parts.status, Json(rpc_error(INVALID_REQUEST, text, Value::Null))).into_response();
    if let Some(methods) = parts.headers.get(ALLOW) {
        answer.headers_mut().insert(ALLOW, methods.clone());
    }
    answer
}

fn diagnose(body: &[u8]) -> Value {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => rpc_error(PARSE_ERROR, format!("Parse error: the body is not JSON: {error}"), Value::Null),
        Ok(Value::Array(_)) => {
            let text = "Invalid Request: batches are not served; send one message in each POST";
            rpc_error(INVALID_REQUEST, text.to_owned(), Value::Null)
        }
        Ok(message) => {
            let text = "Invalid Request: a message has \"jsonrpc\": \"2.0\", a \"method\" and, unless it is a notification, an \"id\"";
            rpc_error(INVALID_REQUEST, text.to_owned(), id_of(&message))
        }
    }
}

/// The id, if it is one that JSON-RPC allows.
fn id_of(message: &Value) -> Value {
    match message.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    }
}

fn rpc_error(code: i32, message: String, id: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_broken_json_a_batch_and_a_wrong_shape_apart() {
        assert_eq!(diagnose(b"{\"a\":")["error"]["code"], -32700);
        assert_eq!(diagnose(b"[{}]")["error"]["code"], -32600);
        let shape = diagnose(b"{\"id\": 7, \"jsonrpc\": \"1.0\"}");
        assert_eq!((&shape["error"]["code"], &shape["id"]), (&json!(-32600), &json!(7)));
    }
}
