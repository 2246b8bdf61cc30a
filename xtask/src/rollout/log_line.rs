//! A line of the service's log: JSON, or text from before the service set its logger up.

use serde_json::{Map, Value};

/// Fields that every line has. They are not repeated among the others.
const COMMON: [&str; 4] = ["timestamp", "level", "message", "target"];

/// Formats a line for people: level, message, fields. Text stays unchanged.
pub(crate) fn readable(text: &str) -> String {
    let Some(line) = object(text) else { return text.trim_end().to_owned() };
    let level = line.get("level").and_then(Value::as_str).unwrap_or_default();
    let message = line.get("message").and_then(Value::as_str).unwrap_or_default();
    let own = line.iter().filter(|(name, _)| !COMMON.contains(&name.as_str()));
    let fields = own.fold(String::new(), |all, (name, value)| format!("{all} {name}={}", plain(value)));
    format!("{level:<5} {message}{fields}")
}

/// Returns AWS's message if the line logs a denied call. The service logs those with the kind `denied`.
pub(crate) fn denied(text: &str) -> Option<String> {
    let line = object(text)?;
    let kind = line.get("kind").and_then(Value::as_str)?;
    let message = || line.get("error").and_then(Value::as_str).unwrap_or("without a message");
    (kind == "denied").then(|| message().to_owned())
}

fn object(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(line)) if line.contains_key("level") => Some(line),
        _ => None,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains([' ', '"', '=']) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = r#"{"timestamp":"2026-11-22T20:00:00Z","level":"WARN","message":"store call failed",
        "kind":"denied","error":"service error: AccessDeniedException: no","tool":"add_note",
        "target":"mcp_stateful::store::error"}"#;

    #[test]
    fn json_line_reads_as_level_message_and_fields() {
        let shown = readable(DENIED);
        assert!(shown.starts_with("WARN  store call failed "), "{shown}");
        assert!(shown.contains("kind=denied") && shown.ends_with(" tool=add_note"), "{shown}");
        assert!(!shown.contains("timestamp") && !shown.contains("target"), "{shown}");
    }

    #[test]
    fn text_and_other_json_stay_unchanged() {
        for text in ["mcp-stateful: the configuration is wrong:", "{\"a\":1}", "", "12"] {
            assert_eq!(readable(text), text);
        }
    }

    #[test]
    fn denied_call_is_recognised_by_its_kind() {
        assert_eq!(denied(DENIED).as_deref(), Some("service error: AccessDeniedException: no"));
        assert_eq!(denied(r#"{"level":"INFO","message":"AccessDeniedException"}"#), None);
        assert_eq!(denied("AccessDeniedException"), None);
    }
}
