//! `tools/call` over HTTP, answered without the transport: for each request that stands alone it starts two tasks, with a
//! channel and two tokens to cancel them by, and reads and writes the message several times over. That is half of what a call costs.
//!
//! This takes only what it is sure of, in rmcp's own types: a call of a known tool, by a client that says of itself what its
//! revision demands, in headers that stand there once. Everything else, and so everything wrong, is the transport's to answer.
//! A test sends the same calls both ways and compares the answers.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::Response,
};
use rmcp::model::{
    JsonObject, JsonRpcVersion2_0, ProtocolVersion, RequestId, RequestMetaObject, ServerJsonRpcMessage, ServerResult,
};
use serde::Deserialize;

use super::{
    explain::is_json,
    handler::{REVISIONS, outcome},
};
use crate::{
    principal::Principal,
    tools::{self, Tools},
};

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// A call that can be answered here.
#[derive(Debug)]
pub(super) struct DirectCall {
    id: RequestId,
    name: String,
    arguments: JsonObject,
    modern: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    #[serde(rename = "jsonrpc")]
    _version: JsonRpcVersion2_0,
    id: RequestId,
    method: &'a str,
    params: Params,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    name: String,
    arguments: Option<JsonObject>,
    #[serde(rename = "_meta")]
    meta: Option<RequestMetaObject>,
}

/// The call that a request makes, if it is one to be answered here.
pub(super) fn read(method: &Method, headers: &HeaderMap, body: &[u8]) -> Option<DirectCall> {
    if *method != Method::POST || !exchanges_json(headers) {
        return None;
    }
    let message: Message<'_> = serde_json::from_slice(body).ok()?;
    let Params { name, arguments, meta } = message.params;
    if message.method != "tools/call" || tools::access(&name).is_none() {
        return None;
    }
    let modern = is_modern(headers, &name, &meta.unwrap_or_default())?;
    Some(DirectCall { id: message.id, name, arguments: arguments.unwrap_or_default(), modern })
}

impl DirectCall {
    /// Calls the tool. Dropped when the client goes away, and the tool's work with it.
    pub(super) async fn answer(self, tools: &Tools, principal: &Principal) -> Response {
        let message = match outcome(tools.call(principal, &self.name, self.arguments).await) {
            Ok(mut result) => {
                if !self.modern {
                    // Up to 2025-11-25 a result has no type.
                    result.result_type = None;
                }
                ServerJsonRpcMessage::response(ServerResult::CallToolResult(result), self.id)
            }
            Err(error) => ServerJsonRpcMessage::error(error, Some(self.id)),
        };
        // A message of strings and JSON values is always JSON.
        let mut answer = Response::new(Body::from(serde_json::to_vec(&message).unwrap_or_default()));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer
    }
}

/// Whether the client sends JSON, and takes both JSON and a stream, as the transport demands. Weighted lists are not read here.
fn exchanges_json(headers: &HeaderMap) -> bool {
    let takes = |kind: &str| {
        only(headers, &ACCEPT).is_some_and(|all| all.split(',').any(|taken| taken.trim().eq_ignore_ascii_case(kind)))
    };
    is_json(headers) && takes("application/json") && takes("text/event-stream")
}

/// Whether the call is of 2026-07-28, which wants itself told twice, or of a revision before it, which does not; nothing if it
/// is of neither.
fn is_modern(headers: &HeaderMap, name: &str, meta: &RequestMetaObject) -> Option<bool> {
    let version = match headers.contains_key(PROTOCOL_VERSION) {
        true => Some(only(headers, &PROTOCOL_VERSION)?),
        false => None,
    };
    let served = |version: &str| REVISIONS.iter().any(|revision| revision.as_str() == version);
    match (meta.protocol_version(), version) {
        (None, None) => Some(false),
        (None, Some(version)) => (served(version) && version < ProtocolVersion::V_2026_07_28.as_str()).then_some(false),
        (Some(own), Some(version)) => {
            let whole = own == ProtocolVersion::V_2026_07_28 && meta.missing_required_keys(&own).is_empty();
            let told = only(headers, &METHOD)? == "tools/call" && only(headers, &NAME)? == name;
            (whole && told && own.as_str() == version).then_some(true)
        }
        (Some(_), None) => None,
    }
}

/// A header that stands there once, as text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn call() -> Value {
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo_cached", "arguments": {"text": "a"}}})
    }

    fn modern() -> Value {
        let mut call = call();
        call["params"]["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        call
    }

    const EXCHANGE: [(&str, &str); 2] =
        [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    const MODERN: [(&str, &str); 3] =
        [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "echo_cached")];

    /// Whether the call is taken, and if so whether as a modern one.
    fn taken(call: &Value, headers: &[(&'static str, &str)]) -> Option<bool> {
        let mut map = HeaderMap::new();
        for (name, value) in EXCHANGE.iter().chain(headers) {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        read(&Method::POST, &map, call.to_string().as_bytes()).map(|call| call.modern)
    }

    #[test]
    fn takes_calls_of_both_eras() {
        assert_eq!(taken(&modern(), &MODERN), Some(true));
        assert_eq!(taken(&call(), &[]), Some(false));
        for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
            assert_eq!(taken(&call(), &[("mcp-protocol-version", version)]), Some(false), "{version}");
        }
    }

    #[test]
    fn leaves_to_the_transport_what_it_would_refuse() {
        for (without, again) in MODERN.into_iter().enumerate() {
            let headers: Vec<_> =
                MODERN.into_iter().enumerate().filter(|(n, _)| *n != without).map(|(_, h)| h).collect();
            assert_eq!(taken(&modern(), &headers), None, "{headers:?}");
            let twice: Vec<_> = MODERN.into_iter().chain([again]).collect();
            assert_eq!(taken(&modern(), &twice), None, "{twice:?}");
        }
        assert_eq!(taken(&call(), &MODERN), None);
        for version in ["2024-11-05", "2026-07-28", "2027-01-01", "x"] {
            assert_eq!(taken(&call(), &[("mcp-protocol-version", version)]), None, "{version}");
        }
        for (place, value) in [
            ("/params/name", json!("no_such_tool")),
            ("/params/arguments", json!([])),
            ("/params/_meta", json!(1)),
            ("/params/requestState", json!("s")),
            ("/method", json!("tools/list")),
            ("/jsonrpc", json!("1.0")),
            ("/id", json!(null)),
            ("/more", json!(1)),
        ] {
            let mut changed = call();
            let (parent, name) = place.rsplit_once('/').unwrap();
            changed.pointer_mut(parent).unwrap()[name] = value;
            assert_eq!(taken(&changed, &[]), None, "{changed}");
        }
        let mut unsure = modern();
        unsure["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!(null);
        assert_eq!(taken(&unsure, &MODERN), None);
    }
}
