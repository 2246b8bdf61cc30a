//! Turns rmcp's rejections, which are plain text, into JSON-RPC errors that a client can parse.
//!
//! rmcp returns 415 for another content type and for a message that it cannot read, 400 for an unknown protocol version
//! and 405 for any method but POST. Codes: JSON-RPC 2.0, section 5.1.

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderMap, StatusCode,
        header::{ALLOW, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use rmcp::model::{ErrorCode, ErrorData, ServerCapabilities};
use serde_json::Value;

use super::{
    refusal::{INTERNAL_ERROR, INVALID_REQUEST, Refusal},
    versions::supported_versions,
};
use crate::{
    text::truncate,
    tools::{ToolError, list},
};

/// The longest rejection that is read. rmcp's have one line.
const MAX_REJECTION_BYTES: usize = 4096;

/// Returns rmcp's response, or a JSON-RPC error with `id` in place of a rejection.
pub(super) async fn as_json_rpc(response: Response, declared_json: bool, id: Value) -> Response {
    if response.status().is_server_error() && !is_json(response.headers()) {
        // rmcp quotes the cause, which is for the operator.
        return Refusal::protocol(response.status(), id, INTERNAL_ERROR, ToolError::Internal.to_string())
            .into_response();
    }
    if !response.status().is_client_error() || is_json(response.headers()) {
        return response;
    }
    match response.status() {
        // The message has passed the server's own check, so only rmcp's types reject it.
        StatusCode::UNSUPPORTED_MEDIA_TYPE if declared_json => {
            Refusal::invalid_request(id, "the message has none of the forms that MCP defines").into_response()
        }
        StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            as_json_rpc_error(response, id).await
        }
        _ => response,
    }
}

/// Replaces the message of an error for an unknown method, which in rmcp is the method's name alone.
pub(super) fn explain_unknown_method(error: &mut ErrorData, offers: &str) {
    if error.code == ErrorCode::METHOD_NOT_FOUND && !error.message.contains(' ') {
        error.message = unknown_method(&error.message, offers).into();
    }
}

/// Returns the message of the error for an unknown method. `offers` is a sentence about the server's methods.
pub(super) fn unknown_method(method: &str, offers: &str) -> String {
    format!("method not found: {}; {offers}", truncate(method))
}

/// Returns the sentence about the methods of a server with these capabilities.
pub(super) fn offers(capabilities: &ServerCapabilities) -> String {
    let offered = [
        (capabilities.tools.is_some(), "tools"),
        (capabilities.resources.is_some(), "resources"),
        (capabilities.prompts.is_some(), "prompts"),
    ];
    let offered: Vec<&str> = offered.into_iter().filter(|(offered, _)| *offered).map(|(_, name)| name).collect();
    match offered.as_slice() {
        ["tools"] => "this server has tools only, so use tools/list and tools/call".to_owned(),
        _ => format!("this server has {}", list(offered.into_iter(), "and").unwrap_or_default()),
    }
}

/// Does for an HTTP response what [`explain_unknown_method`] does for an error.
pub(super) async fn explain_unknown_method_in(response: Response, offers: &str) -> Response {
    if !is_json(response.headers()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let explained = serde_json::from_slice::<Value>(&text).ok().and_then(|mut message| {
        let mut error: ErrorData = serde_json::from_value(message.get("error")?.clone()).ok()?;
        explain_unknown_method(&mut error, offers);
        message["error"] = serde_json::to_value(error).ok()?;
        Some(message.to_string())
    });
    Response::from_parts(parts, explained.map_or_else(|| Body::from(text), Body::from))
}

/// Returns whether the headers declare a JSON body.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()?.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Wraps the rejection's text into a JSON-RPC error with the same status.
async fn as_json_rpc_error(rejection: Response, id: Value) -> Response {
    let (parts, body) = rejection.into_parts();
    let text = to_bytes(body, MAX_REJECTION_BYTES).await.unwrap_or_default();
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if parts.status == StatusCode::METHOD_NOT_ALLOWED {
        text.push_str(": send each message with POST; this server opens no event streams and has no protocol sessions");
    } else if text.contains("Unsupported MCP-Protocol-Version") {
        text = format!("{text}; {}", supported_versions());
    }
    let mut response = Refusal::protocol(parts.status, id, INVALID_REQUEST, text).into_response();
    if let Some(methods) = parts.headers.get(ALLOW) {
        response.headers_mut().insert(ALLOW, methods.clone());
    }
    response
}
