//! The response to a caller over its rate limit.

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{Method, request::Parts},
    response::Response,
};
use rmcp::model::{CallToolResult, ContentBlock, ProtocolVersion, RequestId, ServerJsonRpcMessage, ServerResult};
use serde::Deserialize;

use super::response_format::ResponseFormat;
use crate::http;

/// The parts of a message that decide the response.
#[derive(Deserialize)]
struct Message<'a> {
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
}

/// Returns a tool error for `tools/call` and a 429 for everything else.
///
/// Clients show a model the errors of a tool, so that it can wait. They treat a 429 as a failure of the server.
pub fn over_limit(head: &Parts, body: &[u8], wait: Duration) -> Response {
    let message = serde_json::from_slice::<Message<'_>>(body).ok();
    let call = message.filter(|message| head.method == Method::POST && message.method == "tools/call");
    match (call, ResponseFormat::negotiate(&head.headers)) {
        (Some(call), Some(format)) => {
            let text = ContentBlock::text(http::rate_limit_text(http::seconds(wait)));
            let mut result = CallToolResult::error(vec![text]);
            let version = head.headers.get("mcp-protocol-version").and_then(|version| version.to_str().ok());
            if version != Some(ProtocolVersion::V_2026_07_28.as_str()) {
                // Up to 2025-11-25, a result has no type.
                result.result_type = None;
            }
            let message = ServerJsonRpcMessage::response(ServerResult::CallToolResult(result), call.id);
            // Serializing strings never fails.
            format.response(serde_json::to_vec(&message).unwrap_or_default().into())
        }
        _ => http::too_many_requests(wait),
    }
}
