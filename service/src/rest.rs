//! The REST API of the v1 (Python) server, byte for byte: `GET /mcp/list_tools` and `POST /mcp/call_tool`.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use crate::{
    http::{self, AuthenticatedRequest, error_response},
    json::{self, Fault, FaultKind},
    tools::{ToolError, Tools},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Returns the tools, as a bare array.
pub fn list_tools(tools: &Tools) -> Response {
    let tools: Vec<Value> = tools
        .registry()
        .definitions()
        .map(|tool| serde_json::json!({"name": tool.name, "description": tool.description, "inputSchema": tool.input}))
        .collect();
    Json(tools).into_response()
}

/// Calls a tool: `{"name": …, "arguments": {…}}` → `{"result": …}`. Every failed call is a 400, as in v1,
/// except a missing scope (403) and a defect (500).
pub async fn call_tool(tools: &Tools, request: Box<AuthenticatedRequest>) -> Response {
    if http::has_content_coding(&request.head.headers) {
        let text = http::UNSUPPORTED_CONTENT_CODING;
        return http::with_accepted_coding(error_response(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let body = match json::read(&request.body) {
        Ok(body) => body,
        Err(Fault { kind: FaultKind::NotJson(_), .. }) => {
            return error_response(StatusCode::BAD_REQUEST, "Invalid JSON");
        }
        Err(fault) => return error_response(StatusCode::BAD_REQUEST, fault.to_string()),
    };
    let (name, arguments) = match parse(body) {
        Ok(call) => call,
        Err(problem) => return error_response(StatusCode::BAD_REQUEST, problem),
    };
    match tools.call(&request.principal, &name, arguments, tools.deadline(request.started)).await {
        Ok(output) => ([(CONTENT_TYPE, JSON)], output.rest()).into_response(),
        Err(ToolError::Internal) => error_response(StatusCode::INTERNAL_SERVER_ERROR, ToolError::Internal.to_string()),
        Err(error @ ToolError::Forbidden { .. }) => error_response(StatusCode::FORBIDDEN, error.to_string()),
        Err(error) => error_response(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// Returns the response to a caller over its rate limit.
pub fn over_limit(_: &Parts, _: &[u8], wait: Duration) -> Response {
    http::too_many_requests(wait)
}

fn parse(mut request: Value) -> Result<(String, Map<String, Value>), &'static str> {
    let Some(Value::String(name)) = request.get_mut("name").map(Value::take) else {
        return Err("`name` is missing; send {\"name\": \"<tool>\", \"arguments\": {…}}");
    };
    match request.get_mut("arguments").map(Value::take) {
        None | Some(Value::Null) => Ok((name, Map::new())),
        Some(Value::Object(arguments)) => Ok((name, arguments)),
        Some(_) => Err("`arguments` must be an object"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn missing_and_null_arguments_are_empty() {
        for request in [json!({"name": "a"}), json!({"name": "a", "arguments": null})] {
            assert_eq!(parse(request), Ok(("a".to_owned(), Map::new())));
        }
    }

    #[test]
    fn invalid_calls_are_rejected() {
        for request in [json!([]), json!(1), json!({}), json!({"name": 1}), json!({"name": "a", "arguments": []})] {
            assert!(parse(request).is_err());
        }
    }
}
