//! The step from the arguments of a call to the type of its tool. Unknown arguments are ignored, as in v1, unless
//! the type denies them.
//!
//! [`super::normalize`] has checked the arguments against the input schema. This step finds the rest, such as an
//! unknown variant of an enum, and names its place.

use std::{cell::RefCell, fmt::Display};

use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};

use super::error::ToolError;

/// The longest part of an error that quotes an argument, in characters.
const MAX_ERROR_CHARS: usize = 400;

thread_local! {
    /// The last error that names its argument itself.
    static SELF_EXPLANATORY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Parses the normalized arguments of a call.
pub(super) fn parse<T: DeserializeOwned>(tool: &str, arguments: Map<String, Value>) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        ToolError::Invalid(explain(tool, &path, &error.into_inner().to_string()))
    })
}

/// Converts an error whose text names the argument, so that [`parse`] adds nothing to it.
pub(super) fn self_explanatory<E: Error>(error: impl Display) -> E {
    let text = error.to_string();
    let error = E::custom(&text);
    SELF_EXPLANATORY.set(Some(text));
    error
}

fn explain(tool: &str, path: &str, text: &str) -> String {
    let named = SELF_EXPLANATORY.take().is_some_and(|named| named == text);
    if named {
        // A tool may have given the argument another name than the texts have.
        let path = format!("`{path}`");
        return text.replace("`session_id`", &path).replace("`idempotency_key`", &path);
    }
    let text = match text.char_indices().nth(MAX_ERROR_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    match path {
        "." => format!("invalid arguments of {tool}: {text}"),
        path => format!("`{path}` of {tool}: {text}"),
    }
}

/// Checks the length of a text in bytes of UTF-8.
pub(super) fn check_length(name: &str, text: &str, max: usize) -> Result<(), ToolError> {
    if text.len() <= max {
        return Ok(());
    }
    let bytes = text.len();
    Err(ToolError::Invalid(format!(
        "`{name}` has {bytes} bytes; the limit is {max}: shorten it or split it into several calls"
    )))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::store::IdempotencyKey;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Order {
        items: Vec<Item>,
        key: Option<IdempotencyKey>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is tested")]
    struct Item {
        size: Size,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }

    fn error(arguments: Value) -> String {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        parse::<Order>("order", arguments).unwrap_err().to_string()
    }

    #[test]
    fn error_names_place_and_expectation() {
        assert_eq!(
            error(json!({"items": [{"size": "large"}, {"size": "huge"}]})),
            "`items[1].size` of order: unknown variant `huge`, expected `small` or `large`"
        );
        let unknown = error(json!({"items": [{"size": "large", "colour": 1}]}));
        assert!(unknown.starts_with("`items[0]"), "{unknown}");
        assert!(unknown.contains("unknown field `colour`, expected `size`"), "{unknown}");
        let long = error(json!({"items": [{"size": "x".repeat(100_000)}]}));
        assert!(long.len() < 600, "{long}");
    }

    #[test]
    fn error_of_a_key_names_the_argument_of_the_tool() {
        let text = "`key` has 300 bytes; the limit is 255, so pass a UUID";
        assert_eq!(error(json!({"items": [], "key": "k".repeat(300)})), text);
        // The text of an earlier call does not affect a later one.
        assert_eq!(error(json!({})), "invalid arguments of order: missing field `items`");
    }

    #[test]
    fn text_above_its_limit_is_rejected() {
        assert!(check_length("note", "äx", 3).is_ok());
        let error = check_length("note", "äx", 2).unwrap_err().to_string();
        assert_eq!(error, "`note` has 3 bytes; the limit is 2: shorten it or split it into several calls");
    }
}
