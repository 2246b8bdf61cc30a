//! The fast path of `tools/call` over HTTP, without rmcp's transport.
//!
//! **Gain.** A hot `echo_cached` over MCP takes 68,000 instructions here. A bare rmcp server takes 173,000
//! (docs/bench/profile.md): for each independent request its transport starts two tasks with a channel and two
//! cancellation tokens, and parses and serializes the message several times.
//!
//! **Scope.** Only a call that is certainly valid: a known tool, the headers and `_meta` that its protocol
//! version requires, each header once, no unknown field. rmcp serves everything else, and so rejects
//! everything invalid. Messages are read and written with rmcp's own types. `tests/it/fast_path.rs` sends the
//! same calls both ways and compares the responses.
//!
//! **Switch.** `MCP_FAST_PATHS=off` sends every request through rmcp.
//!
//! **Delete this module** when rmcp has a stateless JSON mode of similar cost: when, with `MCP_FAST_PATHS=off`,
//! `echo_cached` over MCP stays within 8 % of its figure in docs/bench/instructions.json.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE},
    response::Response,
};
use rmcp::model::{
    JsonObject, JsonRpcVersion2_0, ProtocolVersion, RequestId, RequestMetaObject, ServerJsonRpcMessage, ServerResult,
};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    handler::call_result,
    transport_errors::is_json,
    versions::{PROTOCOL_VERSIONS, VERSION},
};
use crate::{
    json::{UniqueObject, object_only},
    principal::Principal,
    tools::Tools,
};

const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// A `tools/call` that the fast path serves.
#[derive(Debug)]
pub(super) struct FastCall {
    id: RequestId,
    name: String,
    arguments: JsonObject,
    /// The call has protocol version 2026-07-28, the first whose results have a type.
    modern: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    #[serde(rename = "jsonrpc")]
    _version: JsonRpcVersion2_0,
    id: RequestId,
    method: &'a str,
    #[serde(deserialize_with = "object_only")]
    params: Params,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    name: String,
    arguments: Option<UniqueObject>,
    #[serde(rename = "_meta")]
    meta: Option<UniqueObject>,
}

/// Parses a request. Returns `None` if rmcp has to serve it, such as a call of a tool that is not known.
pub(super) fn parse(
    is_known: impl FnOnce(&str) -> bool,
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<FastCall> {
    if *method != Method::POST || !is_json(headers) {
        return None;
    }
    // A repeated key is left to the check in front of rmcp, as every other fault.
    let mut reader = serde_json::Deserializer::from_slice(body);
    let message: Message<'_> = object_only(&mut reader).ok()?;
    reader.end().ok()?;
    let Params { name, arguments, meta } = message.params;
    if message.method != "tools/call" || !is_known(&name) {
        return None;
    }
    let modern = is_modern(headers, &name, &RequestMetaObject::from(meta.unwrap_or_default().0))?;
    Some(FastCall { id: message.id, name, arguments: arguments.unwrap_or_default().0, modern })
}

impl FastCall {
    /// Calls the tool. If the client disconnects, the future is dropped and the tool's work ends with it.
    pub(super) async fn run(self, tools: &Tools, principal: &Principal, started: Instant) -> Response {
        let result = tools.call(principal, &self.name, self.arguments, tools.deadline(started)).await;
        let message = match call_result(result) {
            Ok(mut result) => {
                if !self.modern {
                    // Up to 2025-11-25, a result has no type.
                    result.result_type = None;
                }
                ServerJsonRpcMessage::response(ServerResult::CallToolResult(result), self.id)
            }
            Err(error) => ServerJsonRpcMessage::error(error, Some(self.id)),
        };
        // Serializing strings and JSON values never fails.
        let mut response = Response::new(Body::from(serde_json::to_vec(&message).unwrap_or_default()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// Returns `Some(true)` for 2026-07-28, whose version is required in header and `_meta`, and `Some(false)` for earlier
/// versions. Returns `None` if header and `_meta` disagree or the version is not supported.
fn is_modern(headers: &HeaderMap, name: &str, meta: &RequestMetaObject) -> Option<bool> {
    let version = match headers.contains_key(VERSION) {
        true => Some(single(headers, &VERSION)?),
        false => None,
    };
    let supported = |version: &str| PROTOCOL_VERSIONS.iter().any(|supported| supported.as_str() == version);
    match (meta.protocol_version(), version) {
        (None, None) => Some(false),
        (None, Some(version)) => {
            (supported(version) && version < ProtocolVersion::V_2026_07_28.as_str()).then_some(false)
        }
        (Some(own), Some(version)) => {
            let complete = own == ProtocolVersion::V_2026_07_28 && meta.missing_required_keys(&own).is_empty();
            let headers_match = single(headers, &METHOD)? == "tools/call" && single(headers, &NAME)? == name;
            (complete && headers_match && own.as_str() == version).then_some(true)
        }
        (Some(_), None) => None,
    }
}

/// Returns the text of a header that is present exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
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

    fn is_known(name: &str) -> bool {
        name == "echo_cached"
    }

    const JSON: (&str, &str) = ("content-type", "application/json");
    const MODERN: [(&str, &str); 3] =
        [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "echo_cached")];

    /// Returns whether the call is modern, or `None` if rmcp has to serve it.
    fn modern_if_fast(call: &Value, headers: &[(&'static str, &str)]) -> Option<bool> {
        let mut map = HeaderMap::new();
        for (name, value) in [JSON].iter().chain(headers) {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        parse(is_known, &Method::POST, &map, call.to_string().as_bytes()).map(|call| call.modern)
    }

    #[test]
    fn calls_of_every_version_are_parsed() {
        assert_eq!(modern_if_fast(&modern(), &MODERN), Some(true));
        assert_eq!(modern_if_fast(&call(), &[]), Some(false));
        for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            assert_eq!(modern_if_fast(&call(), &[("mcp-protocol-version", version)]), Some(false), "{version}");
        }
    }

    #[test]
    fn anything_unusual_is_left_to_rmcp() {
        for (missing, repeated) in MODERN.into_iter().enumerate() {
            let headers: Vec<_> =
                MODERN.into_iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, h)| h).collect();
            assert_eq!(modern_if_fast(&modern(), &headers), None, "{headers:?}");
            let twice: Vec<_> = MODERN.into_iter().chain([repeated]).collect();
            assert_eq!(modern_if_fast(&modern(), &twice), None, "{twice:?}");
        }
        assert_eq!(modern_if_fast(&call(), &MODERN), None);
        for version in ["2026-07-28", "2027-01-01", "x"] {
            assert_eq!(modern_if_fast(&call(), &[("mcp-protocol-version", version)]), None, "{version}");
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
            assert_eq!(modern_if_fast(&changed, &[]), None, "{changed}");
        }
        let text = call().to_string();
        let params = call()["params"].to_string();
        for changed in [
            text.replace(r#""id":1"#, r#""id":1,"id":1"#),
            text.replace(r#"{"text":"a"}"#, r#"{"text":"a","\u0074ext":"b"}"#),
            text.replace(r#"{"text":"a"}"#, r#"{"text":"a","more":{"x":1,"x":1}}"#),
            text.replace(&params, r#"["echo_cached",{"text":"a"},null]"#),
            format!(r#"["2.0",1,"tools/call",{params}]"#),
            format!("{text} 1"),
        ] {
            assert_ne!(changed, text);
            let mut headers = HeaderMap::new();
            headers.insert(JSON.0, HeaderValue::from_static(JSON.1));
            assert!(parse(is_known, &Method::POST, &headers, text.as_bytes()).is_some());
            assert!(parse(is_known, &Method::POST, &headers, changed.as_bytes()).is_none(), "{changed}");
        }
        let mut incomplete = modern();
        incomplete["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!(null);
        assert_eq!(modern_if_fast(&incomplete, &MODERN), None);
    }
}
