//! The tools that a server lists, and the checks that every tool must pass, whatever it does.
//!
//! The built-in tools are checked in detail where a server lists them all, in `rest.rs` and `mcp.rs`. A server may list
//! more tools, or none of these.

use serde_json::{Value, json};

use crate::client::Mismatch;

/// The built-in tools, in the order in which the service lists them.
pub const TOOLS: [&str; 5] = ["add_note", "get_notes", "echo_cached", "reset_session", "create_session"];

/// A listed tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) input_schema: Value,
}

/// Returns true if all built-in tools are listed. A server registers all of them or none, so with some of them missing
/// the others are tools of its own.
pub(crate) fn has_built_in(tools: &[Tool]) -> bool {
    TOOLS.iter().all(|name| tools.iter().any(|tool| tool.name == *name))
}

impl Tool {
    /// Checks that the input schema describes an object: clients build their arguments from it.
    pub(crate) fn check_schema(&self) -> Result<(), Mismatch> {
        let schema = &self.input_schema;
        let invalid = |what: &str| {
            let expected = format!("an object schema for the arguments of {}", self.name);
            Err(Mismatch::new(expected, format!("{what} in {schema}")))
        };
        if schema["type"] != "object" {
            return invalid("another type");
        }
        let properties = match &schema["properties"] {
            Value::Null => &serde_json::Map::new(),
            Value::Object(properties) => properties,
            _ => return invalid("invalid `properties`"),
        };
        if properties.values().any(|property| !property.is_object() && !property.is_boolean()) {
            return invalid("a property without a schema");
        }
        match &schema["required"] {
            Value::Null => Ok(()),
            Value::Array(names)
                if names.iter().all(|name| name.as_str().is_some_and(|n| properties.contains_key(n))) =>
            {
                Ok(())
            }
            _ => invalid("`required` with an unknown property"),
        }
    }

    /// Returns arguments of which one has a type that the schema excludes. `None` for a tool whose arguments may have
    /// any type, or that takes none. A call with them must be refused before the tool runs.
    pub(crate) fn wrong_arguments(&self) -> Option<Value> {
        let properties = self.input_schema["properties"].as_object()?;
        let wrong = |(name, schema): (&String, &Value)| Some(json!({ name: wrong_value(&types(schema)?)? }));
        properties.iter().find_map(wrong)
    }
}

/// Returns the types that a schema permits. `None` if it does not limit them in a way that is understood here.
fn types(schema: &Value) -> Option<Vec<&str>> {
    match &schema["type"] {
        Value::String(name) => return Some(vec![name]),
        Value::Array(names) => return names.iter().map(Value::as_str).collect(),
        _ => {}
    }
    let alternatives = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())?;
    let each: Option<Vec<Vec<&str>>> = alternatives.iter().map(types).collect();
    each.map(|each| each.concat())
}

/// Returns a value of another type. An object first, because no other type can be read from it.
fn wrong_value(types: &[&str]) -> Option<Value> {
    let values =
        [("object", json!({"smoke": "wrong type"})), ("array", json!([["wrong type"]])), ("boolean", json!(true))];
    values.into_iter().find(|(name, _)| !types.contains(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(input_schema: Value) -> Tool {
        Tool { name: "count_words".to_owned(), input_schema }
    }

    #[test]
    fn built_in_tools_are_all_there_or_none_counts() {
        let listed = |names: &[&str]| {
            let tool = |name: &&str| Tool { name: (*name).to_owned(), input_schema: json!({}) };
            has_built_in(&names.iter().map(tool).collect::<Vec<_>>())
        };
        assert!(listed(&TOOLS));
        assert!(listed(&[&["count_words"], &TOOLS[..]].concat()), "more tools are no error");
        assert!(!listed(&TOOLS[1..]) && !listed(&["count_words"]));
    }

    #[test]
    fn schema_must_describe_an_object() {
        for valid in [
            json!({"type": "object"}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": true}, "required": ["a"]}),
        ] {
            assert_eq!(tool(valid).check_schema(), Ok(()));
        }
        for invalid in [
            json!({}),
            json!({"type": "array"}),
            json!({"type": "object", "properties": ["a"]}),
            json!({"type": "object", "properties": {"a": 1}}),
            json!({"type": "object", "properties": {"a": {}}, "required": ["b"]}),
            json!({"type": "object", "required": "a"}),
        ] {
            assert!(tool(invalid.clone()).check_schema().is_err(), "{invalid}");
        }
    }

    #[test]
    fn wrong_argument_has_no_permitted_type() {
        let wrong = |property: Value| tool(json!({"type": "object", "properties": {"a": property}})).wrong_arguments();
        assert!(wrong(json!({"type": "string"})).unwrap()["a"].is_object());
        assert!(wrong(json!({"type": "object"})).unwrap()["a"].is_array());
        assert!(wrong(json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})).unwrap()["a"].is_object());
        assert!(wrong(json!({"type": ["object", "array"]})).unwrap()["a"].is_boolean());
        for unlimited in
            [json!({}), json!(true), json!({"anyOf": [{"type": "string"}, {}]}), json!({"$ref": "#/$defs/A"})]
        {
            assert_eq!(wrong(unlimited), None);
        }
        assert_eq!(tool(json!({"type": "object"})).wrong_arguments(), None);
    }
}
