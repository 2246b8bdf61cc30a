//! The check of a message before rmcp reads it, over HTTP and stdio: JSON-RPC's members, and the fields of the
//! parameters of the methods that this server has.
//!
//! rmcp reports that a message matches none of its types. This check reports which field is wrong.

use rmcp::model::{ClientCapabilities, Implementation};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::{Refusal, request_id};
use crate::{json::type_name, text::truncate};

/// The kinds of a valid message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Notification,
    /// A response to a request of the server's. This server sends none.
    Response,
}

/// A checked message.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) kind: Kind,
    /// The id of a request, null otherwise.
    pub(super) id: Value,
    /// The method. Empty for a response.
    pub(super) method: String,
    /// The check removed members that have no effect, so that the message differs from what the client sent.
    pub(super) changed: bool,
}

/// The `_meta` field with which a request names its protocol version, from 2026-07-28.
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// A field of parameters: method, path, type, and whether the field is required.
type Field = (&'static str, &'static [&'static str], &'static str, bool);

/// The fields of the methods that every server has.
const FIELDS: &[Field] = &[
    ("initialize", &["protocolVersion"], "a string", true),
    ("initialize", &["capabilities"], "an object", true),
    ("initialize", &["clientInfo"], "an object", true),
    ("initialize", &["clientInfo", "name"], "a string", true),
    ("initialize", &["clientInfo", "version"], "a string", true),
    ("tools/call", &["name"], "a string", true),
    ("tools/call", &["arguments"], "an object", false),
    ("tools/list", &["cursor"], "a string", false),
];

/// The fields of the methods that only a server with resources or prompts has.
const OPTIONAL_FIELDS: &[Field] = &[
    ("prompts/get", &["name"], "a string", true),
    ("prompts/get", &["arguments"], "an object", false),
    ("prompts/list", &["cursor"], "a string", false),
    ("resources/list", &["cursor"], "a string", false),
    ("resources/read", &["uri"], "a string", true),
    ("resources/templates/list", &["cursor"], "a string", false),
];

/// Returns the problem of the parameters of a method that only a server with resources or prompts has, if it is known.
pub(super) fn optional_method_problem(method: &str, params: Option<&Value>) -> Option<String> {
    let none = Map::new();
    wrong_field(OPTIONAL_FIELDS, method, params.and_then(Value::as_object).unwrap_or(&none))
}

/// Checks a message. Removes a null `result`, `error` or `params`, which some serializers write for a missing member.
pub(super) fn check(message: &mut Value) -> Result<Envelope, Refusal> {
    let Value::Object(members) = message else {
        let text = format!("a message must be an object, not {}", type_name(message));
        return Err(Refusal::invalid_request(Value::Null, text));
    };
    let id = request_id(members.get("id"));
    let invalid = |text: String| Err(Refusal::invalid_request(id.clone(), text));
    match members.get("jsonrpc") {
        Some(Value::String(version)) if version == "2.0" => {}
        Some(Value::String(version)) => {
            return invalid(format!("`jsonrpc` must be \"2.0\", not {:?}", truncate(version)));
        }
        Some(other) => return invalid(format!("`jsonrpc` must be \"2.0\", not {}", type_name(other))),
        None => return invalid("`jsonrpc` is missing; it must be \"2.0\"".to_owned()),
    }
    let mut changed = remove_null(members, "params");
    if members.contains_key("method") {
        changed |= remove_null(members, "result") | remove_null(members, "error");
    }
    let has_result = members.contains_key("result") || members.contains_key("error");
    let method = match members.get("method") {
        Some(Value::String(_)) if has_result => {
            return invalid("a message has either a `method` or a `result` or `error`, not both".to_owned());
        }
        Some(Value::String(method)) => method.clone(),
        Some(other) => return invalid(format!("`method` must be a string, not {}", type_name(other))),
        None if has_result => {
            return Ok(Envelope { kind: Kind::Response, id: Value::Null, method: String::new(), changed });
        }
        None => return invalid("`method` is missing".to_owned()),
    };
    let kind = match members.get("id") {
        None => Kind::Notification,
        Some(own) => match invalid_id(own) {
            Some(problem) => return invalid(problem),
            None => Kind::Request,
        },
    };
    match members.get("params") {
        None => check_fields(&method, &Map::new(), &id)?,
        Some(Value::Object(params)) => check_fields(&method, params, &id)?,
        Some(Value::Array(_)) => {
            let text = "`params` must be an object: MCP has no positional parameters";
            return Err(Refusal::invalid_params(id, text));
        }
        Some(other) => {
            let text = format!("`params` must be an object, not {}", type_name(other));
            return Err(Refusal::invalid_params(id, text));
        }
    }
    Ok(Envelope { kind, id, method, changed })
}

/// Returns the protocol version that a request names for itself, as from 2026-07-28.
pub(super) fn own_version(message: &Value) -> Option<&str> {
    message.get("params")?.get("_meta")?.get(VERSION_KEY)?.as_str()
}

fn remove_null(members: &mut Map<String, Value>, name: &str) -> bool {
    let null = members.get(name).is_some_and(Value::is_null);
    if null {
        members.remove(name);
    }
    null
}

/// Returns the problem of an id that MCP does not allow. rmcp keeps integers of 64 bits.
fn invalid_id(id: &Value) -> Option<String> {
    match id {
        Value::String(_) => None,
        Value::Number(number) if number.is_i64() => None,
        Value::Number(number) if number.is_u64() => {
            Some(format!("`id` {number} is beyond the range of 64-bit integers; send a smaller number or a string"))
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => None,
            Some(float) if float.fract() == 0.0 => {
                Some(format!("`id` {number} is beyond the exact range of its form; send an integer or a string"))
            }
            _ => Some(format!("`id` must be a string or an integer, not {number}")),
        },
        Value::Null => Some("`id` must be a string or an integer, not null; a notification has none".to_owned()),
        other => Some(format!("`id` must be a string or an integer, not {}", type_name(other))),
    }
}

fn check_fields(method: &str, params: &Map<String, Value>, id: &Value) -> Result<(), Refusal> {
    let refuse = |text: String| Err(Refusal::invalid_params(id.clone(), text));
    if let Some(meta) = params.get("_meta").filter(|meta| !meta.is_object() && !meta.is_null()) {
        return refuse(format!("`params._meta` of {} must be an object, not {}", truncate(method), type_name(meta)));
    }
    if params.get("_meta").is_some_and(|meta| meta.get(VERSION_KEY).is_some()) && method == "initialize" {
        // The method does not exist in the protocol version that the request names.
        return Ok(());
    }
    if let Some(problem) = wrong_field(FIELDS, method, params) {
        return refuse(problem);
    }
    if method == "initialize"
        && let Some(place) = malformed_part(params)
    {
        return refuse(format!("`params.{place}` of initialize does not have the form that MCP defines"));
    }
    Ok(())
}

/// Returns the problem of the first field that is missing or has another type.
fn wrong_field(fields: &[Field], method: &str, params: &Map<String, Value>) -> Option<String> {
    for (_, path, expected, required) in fields.iter().filter(|(name, ..)| *name == method) {
        let (last, parents) = path.split_last().unwrap_or((&"", &[]));
        let parent = parents.iter().try_fold(params, |object, name| object.get(*name)?.as_object());
        let place = path.join(".");
        match parent.and_then(|parent| parent.get(*last)) {
            None if *required => {
                return Some(format!("`params.{place}` of {method} is missing; it must be {expected}"));
            }
            None => {}
            Some(Value::Null) if !required => {}
            Some(value) if type_name(value) == *expected => {}
            Some(other) => {
                return Some(format!("`params.{place}` of {method} must be {expected}, not {}", type_name(other)));
            }
        }
    }
    None
}

/// Returns the path of a part of `initialize`'s parameters that rmcp cannot read.
fn malformed_part(params: &Map<String, Value>) -> Option<String> {
    let (info, capabilities) = (params.get("clientInfo")?, params.get("capabilities")?);
    if Implementation::deserialize(info).is_err() {
        return Some("clientInfo".to_owned());
    }
    let one = |(name, value): (&String, &Value)| Map::from_iter([(name.clone(), value.clone())]);
    let malformed =
        |capabilities: Map<String, Value>| ClientCapabilities::deserialize(Value::from(capabilities)).is_err();
    let members = capabilities.as_object()?;
    let found = members.iter().find(|member| malformed(one(*member)));
    found.map(|(name, _)| format!("capabilities.{}", truncate(name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(message: &str) -> Value {
        check(&mut serde_json::from_str(message).unwrap()).unwrap_err().to_message()
    }

    #[test]
    fn refusal_names_the_field_and_its_type() {
        for (message, code, id, part) in [
            ("3", -32600, json!(null), "must be an object, not a number"),
            (r#"{"id":1,"method":"ping"}"#, -32600, json!(1), "`jsonrpc` is missing"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, json!(1), "not \"1.0\""),
            (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, -32600, json!(1), "`jsonrpc` must be \"2.0\", not a number"),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32600, json!(1), "`method` is missing"),
            (r#"{"jsonrpc":"2.0","id":1,"method":null}"#, -32600, json!(1), "`method` must be a string, not null"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, -32600, json!(1), "not both"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, json!(1.5), "not 1.5"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, json!(null), "not null"),
            (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, -32600, json!(null), "not an array"),
            (r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"ping"}"#, -32600, json!(u64::MAX), "64-bit"),
            (r#"{"jsonrpc":"2.0","id":1e300,"method":"ping"}"#, -32600, json!(1e300), "exact range"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["a"]}"#, -32602, json!(1), "positional"),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"a"}"#,
                -32602,
                json!(1),
                "`params` must be an object",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":"x"}}"#,
                -32602,
                json!(1),
                "`params._meta` of ping",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
                -32602,
                json!(1),
                "`params.name` of tools/call is missing",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}}"#,
                -32602,
                json!(1),
                "`params.arguments` of tools/call must be an object, not an array",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":1}}"#,
                -32602,
                json!(1),
                "`params.cursor`",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"x","version":"1"}}}"#,
                -32602,
                json!(1),
                "`params.capabilities` of initialize is missing",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"version":"1"}}}"#,
                -32602,
                json!(1),
                "`params.clientInfo.name` of initialize is missing",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":5},"clientInfo":{"name":"x","version":"1"}}}"#,
                -32602,
                json!(1),
                "`params.capabilities.roots` of initialize",
            ),
        ] {
            let error = refused(message);
            assert_eq!((&error["error"]["code"], &error["id"]), (&json!(code), &id), "{message}: {error}");
            assert!(error["error"]["message"].as_str().unwrap().contains(part), "{message}: {error}");
        }
    }

    #[test]
    fn valid_message_passes_without_its_null_members() {
        for (message, kind, changed) in [
            (r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#, Kind::Request, false),
            (r#"{"jsonrpc":"2.0","id":5.0,"method":"ping","params":{}}"#, Kind::Request, false),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":null,"error":null,"params":null}"#,
                Kind::Request,
                true,
            ),
            (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, Kind::Notification, false),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Kind::Response, false),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null,"_meta":null}}"#,
                Kind::Request,
                false,
            ),
        ] {
            let mut value: Value = serde_json::from_str(message).unwrap();
            let envelope = check(&mut value).unwrap();
            assert_eq!((envelope.kind, envelope.changed), (kind, changed), "{message}");
            assert!(!["result", "error"].iter().any(|name| value.get(name).is_some_and(Value::is_null)));
        }
    }
}
