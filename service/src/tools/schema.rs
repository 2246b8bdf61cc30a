//! The JSON Schemas of arguments and results, generated from their types.
//!
//! They are draft 2020-12 without `$schema` and `title`. Types are written in place, because some clients resolve no
//! references; only a type that contains itself keeps one.

mod simplify;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

use simplify::Simplify;

/// The key under which a type's schema gives the value that stands for no argument. It becomes the `default` of an
/// optional argument.
pub(super) const NO_ARGUMENT: &str = "x-no-argument";

/// The property of a result that is not an object, because MCP requires one.
pub(super) const RESULT: &str = "result";

/// Returns the description and the schema of a tool's arguments.
pub(super) fn of_arguments<T: JsonSchema>() -> (String, Value) {
    let settings = settings().with_transform(Simplify { bounds: true });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    let description = schema.remove("description");
    let description = description.as_ref().and_then(Value::as_str).unwrap_or_default();
    let is_object = schema.get("type").is_some_and(|kind| kind == "object");
    if is_object && schema.get("properties").is_none() {
        schema.insert("properties".to_owned(), json!({}));
    }
    (description.to_owned(), schema.to_value())
}

/// Returns the schema of a tool's result. A result that is not an object is wrapped into one.
pub(super) fn of_result<T: JsonSchema + Serialize>() -> Value {
    let settings = settings().for_serialize().with_transform(Simplify { bounds: false });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    let is_object = schema.get("type").is_some_and(|kind| kind == "object");
    if !is_object && has_only_objects(schema.as_value()) {
        schema.insert("type".to_owned(), "object".into());
    } else if !is_object {
        return wrapped(schema);
    }
    schema.remove("description");
    schema.to_value()
}

/// Returns whether a result with this schema, made by [`of_result`] for `T`, is wrapped.
pub(super) fn is_wrapped<T: JsonSchema + Serialize>() -> bool {
    let settings = settings().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let is_object = schema.get("type").is_some_and(|kind| kind == "object");
    !is_object && !has_only_objects(schema.as_value())
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    })
}

/// Returns whether every alternative of a schema is an object, as those of an enum with a tag are.
fn has_only_objects(schema: &Value) -> bool {
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    alternatives.is_some_and(|alternatives| {
        !alternatives.is_empty() && alternatives.iter().all(|alternative| alternative["type"] == "object")
    })
}

fn wrapped(mut schema: Schema) -> Value {
    let definitions = schema.remove("$defs");
    let mut object = json!({"type": "object", "properties": {RESULT: schema.to_value()}, "required": [RESULT]});
    if let Some(definitions) = definitions {
        object["$defs"] = definitions;
    }
    object
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// Paints the walls
    /// of a room.
    ///
    /// - one colour
    /// - no doors
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only the schema is tested")]
    struct Paint {
        /// The walls
        /// to paint.
        walls: Vec<Wall>,
        colour: Option<Colour>,
        count: Option<u32>,
        note: Option<String>,
        labels: BTreeMap<String, f64>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only the schema is tested")]
    struct Wall {
        inner: Option<Box<Wall>>,
        width: u8,
    }

    #[derive(Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
        Blue,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "only the schema is tested")]
    enum Outcome {
        Done { count: u32 },
        Failed { reason: String },
    }

    #[test]
    fn argument_schema_has_no_type_arrays_and_formats() {
        let (description, schema) = of_arguments::<Paint>();
        assert_eq!(description, "Paints the walls of a room.\n\n- one colour\n- no doors");
        let text = schema.to_string();
        for absent in ["$schema", "title", "format", "[\"string\",\"null\"]", "Nullable"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["required"], json!(["walls", "labels"]));
        assert_eq!(schema["properties"]["walls"]["description"], "The walls to paint.");
        assert_eq!(schema["properties"]["note"], json!({"anyOf": [{"type": "string"}, {"type": "null"}]}));
        assert_eq!(
            schema["properties"]["count"],
            json!({"anyOf": [{"type": "integer", "minimum": 0, "maximum": u32::MAX}, {"type": "null"}]})
        );
        assert_eq!(
            schema["properties"]["colour"],
            json!({"anyOf": [{"type": "string", "enum": ["red", "blue"]}, {"type": "null"}]})
        );
        assert_eq!(schema["properties"]["labels"]["additionalProperties"], json!({"type": "number"}));
    }

    #[test]
    fn result_that_is_no_object_is_wrapped() {
        let schema = json!({"type": "object", "properties": {"result": {"type": "array", "items": {"type": "string"}}}, "required": ["result"]});
        assert_eq!(of_result::<Vec<String>>(), schema);
        assert!(is_wrapped::<Vec<String>>() && is_wrapped::<()>() && is_wrapped::<Colour>());
        assert!(!is_wrapped::<Outcome>());
        assert_eq!(of_result::<Outcome>()["type"], "object");
        assert_eq!(of_result::<Outcome>()["oneOf"].as_array().unwrap().len(), 2);
    }
}
