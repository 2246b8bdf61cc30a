//! The transformation of generated schemas to the forms that all clients understand.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

use super::NO_ARGUMENT;

/// The keywords that describe a value and do not restrict it. They stay beside the alternatives of a value.
const ANNOTATIONS: [&str; 5] = ["default", "deprecated", "description", "examples", NO_ARGUMENT];

/// Simplifies a schema.
///
/// - `"type": ["string", "null"]` becomes two alternatives (`anyOf`): the function declarations of Gemini's API reject
///   a list of types.
/// - Formats such as `uint32`, which are not JSON Schema's, become limits.
/// - `title` is removed, and the line breaks of doc comments are joined.
#[derive(Debug, Clone)]
pub(super) struct Simplify {
    /// Adds the limits of integers.
    pub(super) bounds: bool,
}

impl Transform for Simplify {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        object.remove("title");
        if let Some(Value::String(description)) = object.get_mut("description") {
            *description = unwrap_lines(description);
        }
        self.replace_format(object);
        separate_null(object);
        if let Some(value) = object.remove(NO_ARGUMENT) {
            object.insert("default".to_owned(), value);
        } else if object.get("default") == Some(&Value::Null) {
            // The absence of an argument needs no value.
            object.remove("default");
        }
    }
}

impl Simplify {
    fn replace_format(&self, schema: &mut Map<String, Value>) {
        let Some(format) = schema.get("format").and_then(Value::as_str) else { return };
        let bounds = match format {
            "int32" => Some((json!(i32::MIN), json!(i32::MAX))),
            "uint32" => Some((json!(0), json!(u32::MAX))),
            "int8" | "uint8" | "int16" | "uint16" | "int64" | "uint64" | "int128" | "uint128" | "int" | "uint"
            | "float" | "double" => None,
            _ => return,
        };
        schema.remove("format");
        if let Some((minimum, maximum)) = bounds.filter(|_| self.bounds) {
            schema.entry("minimum").or_insert(minimum);
            schema.entry("maximum").or_insert(maximum);
        }
    }
}

/// Replaces a list of types with `null` by alternatives.
fn separate_null(schema: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = schema.get_mut("type") else { return };
    types.retain(|kind| kind != "null");
    let kind = if let [kind] = types.as_mut_slice() { kind.take() } else { Value::from(std::mem::take(types)) };
    let mut restrictions = std::mem::take(schema);
    for annotation in ANNOTATIONS {
        if let Some(value) = restrictions.remove(annotation) {
            schema.insert(annotation.to_owned(), value);
        }
    }
    restrictions.insert("type".to_owned(), kind);
    if let Some(Value::Array(values)) = restrictions.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    schema.insert("anyOf".to_owned(), json!([restrictions, {"type": "null"}]));
}

/// Joins the lines of each paragraph. Empty lines, lists and indented lines keep their line breaks.
fn unwrap_lines(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut previous = "";
    for line in text.lines() {
        let starts_block = line.is_empty() || line.starts_with(['-', '*', '|', '#', ' ', '`', '1']);
        if !joined.is_empty() {
            joined.push(if starts_block || previous.is_empty() { '\n' } else { ' ' });
        }
        joined.push_str(line.trim_end());
        previous = line;
    }
    joined
}
