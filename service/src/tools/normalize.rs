//! The step between JSON and a tool: turns the arguments of a call into those that the tool's input schema
//! describes. Both APIs pass it, and a tool needs no code of its own for it.
//!
//! - A number without a fractional part is an integer, however it is written: `5.0` and `1e1` are, `5.5` and `"5"`
//!   are not (JSON Schema 2020-12, validation 6.1.1).
//! - `null` for an optional argument counts as missing. So do `""` and `0` where they have no meaning: they are the
//!   schema's `default`, its limits exclude them, or its type does (`""` for a number). Clients and models that fill
//!   every declared property send these.
//! - A value of another type than the schema's, or an integer outside its limits, is rejected by name.

mod problem;
mod types;

use serde_json::{Map, Number, Value};

use super::error::ToolError;
use crate::json::type_name;
use problem::{Place, Problem};
use types::Types;

/// The largest magnitude up to which every integer is exact in a 64-bit floating point number (RFC 7493, section 2.2).
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

/// The depth to which a schema is followed. A schema that refers to itself has no end.
const MAX_DEPTH: usize = 12;

/// The input schema of a tool, compiled.
#[derive(Debug)]
pub(super) struct InputSchema {
    tool: &'static str,
    shape: Shape,
}

impl InputSchema {
    pub(super) fn new(tool: &'static str, schema: &Value) -> Self {
        Self { tool, shape: Shape::compile(schema, schema, MAX_DEPTH) }
    }

    /// Normalizes the arguments of a call.
    pub(super) fn normalize(&self, arguments: &mut Map<String, Value>) -> Result<(), ToolError> {
        self.shape.normalize_object(arguments, None).map_err(|problem| problem.into_error(self.tool))
    }
}

/// The part of a schema that normalizing follows. Alternatives (`anyOf`) become one shape, which rejects nothing that
/// one of them accepts.
#[derive(Debug, Default)]
struct Shape {
    types: Types,
    minimum: Option<i64>,
    maximum: Option<i64>,
    excludes_empty_text: bool,
    properties: Vec<Property>,
    items: Option<Box<Shape>>,
}

#[derive(Debug)]
struct Property {
    name: String,
    required: bool,
    /// `""` means that the argument is absent.
    absent_if_empty: bool,
    /// `0` means that the argument is absent.
    absent_if_zero: bool,
    shape: Shape,
}

impl Shape {
    fn compile(schema: &Value, root: &Value, depth: usize) -> Self {
        let mut shape = Self::default();
        let Some(next) = depth.checked_sub(1) else { return shape };
        match schema.get("type") {
            Some(Value::String(name)) => shape.types.add(name),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).for_each(|name| shape.types.add(name)),
            _ => {}
        }
        shape.minimum = schema.get("minimum").and_then(Value::as_i64);
        shape.maximum = schema.get("maximum").and_then(Value::as_i64);
        shape.excludes_empty_text = schema.get("minLength").and_then(Value::as_u64).is_some_and(|length| length > 0);
        shape.items = schema.get("items").map(|items| Box::new(Self::compile(items, root, next)));
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        // The required properties are first, in their order: the first missing one is reported.
        let properties = schema.get("properties").and_then(Value::as_object);
        let optional = properties.into_iter().flat_map(Map::keys).map(String::as_str);
        let optional = optional.filter(|name| !required.contains(name));
        for name in required.iter().copied().chain(optional) {
            let own = properties.and_then(|properties| properties.get(name)).unwrap_or(&Value::Null);
            shape.properties.push(Property::compile(name, own, required.contains(&name), root, next));
        }
        let compiled = |keyword: &str| -> Vec<Self> {
            let parts = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
            parts.map(|part| Self::compile(part, root, next)).collect()
        };
        if let Some(Value::String(reference)) = schema.get("$ref")
            && let Some(target) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
        {
            shape.restrict(Self::compile(target, root, next));
        }
        compiled("allOf").into_iter().for_each(|part| shape.restrict(part));
        for keyword in ["anyOf", "oneOf"] {
            shape.restrict(Self::one_of(compiled(keyword)));
        }
        shape
    }

    /// Returns the shape of values that match one of several shapes.
    fn one_of(mut alternatives: Vec<Self>) -> Self {
        let mut shape = Self::default();
        if alternatives.iter().any(|alternative| alternative.types.is_any()) {
            return shape;
        }
        alternatives.iter().for_each(|alternative| shape.types.merge(alternative.types));
        let mut texts = alternatives.iter().filter(|alternative| alternative.types.string).peekable();
        shape.excludes_empty_text = texts.peek().is_some() && texts.all(|text| text.excludes_empty_text);
        // The limits and properties of two alternatives of the same type are those of neither.
        if let Some(integer) = only(&mut alternatives, |types| types.integer) {
            (shape.minimum, shape.maximum) = (integer.minimum, integer.maximum);
        }
        if let Some(object) = only(&mut alternatives, |types| types.object) {
            shape.properties = std::mem::take(&mut object.properties);
        }
        if let Some(array) = only(&mut alternatives, |types| types.array) {
            shape.items = array.items.take();
        }
        shape
    }

    /// Adds what another part of the same schema says.
    fn restrict(&mut self, part: Self) {
        if self.types.is_any() {
            self.types = part.types;
        }
        self.minimum = self.minimum.or(part.minimum);
        self.maximum = self.maximum.or(part.maximum);
        self.excludes_empty_text |= part.excludes_empty_text;
        self.properties.extend(part.properties);
        self.items = self.items.take().or(part.items);
    }

    fn normalize_object(&self, object: &mut Map<String, Value>, parent: Option<&Place<'_>>) -> Result<(), Problem> {
        for property in &self.properties {
            let place = Place::Key(&property.name, parent);
            match object.get_mut(&property.name) {
                Some(value) if property.is_absent(value) => drop(object.remove(&property.name)),
                Some(value) if !value.is_null() => property.shape.normalize(value, &place)?,
                None | Some(_) if property.required && !property.shape.types.null => {
                    return Err(Problem::Missing { name: place.to_text(), expected: property.shape.expected() });
                }
                Some(_) if !property.required => drop(object.remove(&property.name)),
                None | Some(_) => {}
            }
        }
        Ok(())
    }

    fn normalize(&self, value: &mut Value, place: &Place<'_>) -> Result<(), Problem> {
        if !self.types.accept(value) {
            return Err(self.wrong_type(value, place));
        }
        match value {
            Value::Number(number) if self.types.integer && !self.types.number => match as_integer(number) {
                Some(integer) if self.contains(&integer) => *number = integer,
                _ => return Err(self.wrong_type(value, place)),
            },
            Value::Object(object) => self.normalize_object(object, Some(place))?,
            Value::Array(elements) => {
                let Some(items) = &self.items else { return Ok(()) };
                for (index, element) in elements.iter_mut().enumerate() {
                    items.normalize(element, &Place::Index(index, place))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn contains(&self, integer: &Number) -> bool {
        match integer.as_i64() {
            Some(integer) => {
                self.minimum.is_none_or(|minimum| integer >= minimum)
                    && self.maximum.is_none_or(|maximum| integer <= maximum)
            }
            // Beyond every limit that a schema of this form can have.
            None => self.maximum.is_none(),
        }
    }

    fn wrong_type(&self, value: &Value, place: &Place<'_>) -> Problem {
        let got = match value {
            Value::Number(number) if self.types.integer && is_inexact(number) => {
                format!("{number}, which is beyond the exact range of ±{MAX_EXACT}")
            }
            Value::Number(number) => number.to_string(),
            other => type_name(other).to_owned(),
        };
        Problem::WrongType { place: place.to_text(), expected: self.expected(), got }
    }

    /// Describes the accepted values.
    fn expected(&self) -> String {
        let Types { boolean, integer, number, string, array, object, null: _ } = self.types;
        let whole = match (self.minimum, self.maximum) {
            (Some(minimum), Some(maximum)) => format!("a whole number from {minimum} to {maximum}"),
            (Some(minimum), None) => format!("a whole number of at least {minimum}"),
            (None, Some(maximum)) => format!("a whole number of at most {maximum}"),
            (None, None) => "a whole number".to_owned(),
        };
        let all = [
            (string, "a string"),
            (integer && !number, &whole),
            (number, "a number"),
            (boolean, "a boolean"),
            (array, "an array"),
            (object, "an object"),
        ];
        let accepted: Vec<&str> = all.into_iter().filter(|(accepted, _)| *accepted).map(|(_, text)| text).collect();
        if accepted.is_empty() { "a value".to_owned() } else { accepted.join(" or ") }
    }
}

impl Property {
    fn compile(name: &str, schema: &Value, required: bool, root: &Value, depth: usize) -> Self {
        let shape = Shape::compile(schema, root, depth);
        let default = schema.get("default");
        let text_has_meaning = shape.types.accept(&Value::String(String::new())) && !shape.excludes_empty_text;
        let zero_has_meaning = shape.minimum.is_none_or(|minimum| minimum <= 0);
        Self {
            name: name.to_owned(),
            required,
            absent_if_empty: !required && (!text_has_meaning || default.is_some_and(is_empty_text)),
            absent_if_zero: !required && (!zero_has_meaning || default.is_some_and(is_zero)),
            shape,
        }
    }

    fn is_absent(&self, value: &Value) -> bool {
        self.absent_if_empty && is_empty_text(value) || self.absent_if_zero && is_zero(value)
    }
}

/// Returns the only one of several shapes that accepts a type.
fn only(shapes: &mut [Shape], accepts: fn(Types) -> bool) -> Option<&mut Shape> {
    let mut accepting = shapes.iter_mut().filter(|shape| accepts(shape.types));
    let (first, None) = (accepting.next()?, accepting.next()) else { return None };
    Some(first)
}

fn is_empty_text(value: &Value) -> bool {
    value.as_str() == Some("")
}

fn is_zero(value: &Value) -> bool {
    value.as_f64() == Some(0.0)
}

/// Returns the integer that a number stands for, if it is an exact one.
fn as_integer(number: &Number) -> Option<Number> {
    if !number.is_f64() {
        return Some(number.clone());
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= MAX_EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "an integer of at most 53 bits")]
    Some((float as i64).into())
}

/// Returns whether a number has no fractional part, but more digits than its form holds exactly.
fn is_inexact(number: &Number) -> bool {
    number.is_f64() && number.as_f64().is_some_and(|float| float.abs() > MAX_EXACT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn normalized(schema: &Value, arguments: &str) -> Result<Value, String> {
        let mut arguments: Map<String, Value> = serde_json::from_str(arguments).unwrap();
        let schema = InputSchema::new("demo", schema);
        schema.normalize(&mut arguments).map(|()| arguments.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn integers_follow_json_schema() {
        let schema = json!({"properties": {"n": {"type": "integer", "minimum": -5, "maximum": 10_000}}});
        for (given, expected) in [("5", 5), ("5.0", 5), ("1e1", 10), ("10000.0", 10_000), ("-0.0", 0), ("-5e0", -5)] {
            let result = normalized(&schema, &format!(r#"{{"n":{given}}}"#));
            assert_eq!(result, Ok(json!({"n": expected})), "{given}");
        }
        for given in ["5.5", "\"5\"", "10001", "1e300", "-6.0", "true", "[5]", "9007199254740993.0"] {
            let error = normalized(&schema, &format!(r#"{{"n":{given}}}"#)).unwrap_err();
            assert!(error.starts_with("`n` of demo must be a whole number from -5 to 10000, not "), "{given}: {error}");
        }
        let unlimited = json!({"properties": {"n": {"type": "integer"}}});
        assert_eq!(normalized(&unlimited, r#"{"n":18446744073709551615}"#), Ok(json!({"n": u64::MAX})));
        assert!(normalized(&unlimited, r#"{"n":9007199254740993.0}"#).unwrap_err().contains("beyond the exact range"));
    }

    #[test]
    fn empty_optional_argument_is_absent_without_meaning() {
        let schema = json!({
            "properties": {
                "id": {"type": "string", "minLength": 1},
                "text": {"type": "string"},
                "name": {"type": "string", "minLength": 1},
                "cursor": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": ""},
                "limit": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}], "default": 0},
                "count": {"type": "integer", "minimum": 1},
                "offset": {"type": ["integer", "null"]}
            },
            "required": ["id"]
        });
        for (given, expected) in [
            (r#"{"id":"","cursor":"","limit":0,"count":0,"name":""}"#, json!({"id": ""})),
            (r#"{"id":"a","limit":"","offset":""}"#, json!({"id": "a"})),
            (r#"{"id":"a","cursor":null,"limit":null,"text":null,"offset":null}"#, json!({"id": "a"})),
            (r#"{"id":"a","limit":0.0}"#, json!({"id": "a"})),
            (r#"{"id":"a","text":"","offset":0}"#, json!({"id": "a", "text": "", "offset": 0})),
        ] {
            assert_eq!(normalized(&schema, given), Ok(expected), "{given}");
        }
        for given in ["{}", r#"{"id":null}"#] {
            assert_eq!(normalized(&schema, given), Err("`id` is missing; demo requires it as a string".into()));
        }
    }

    #[test]
    fn alternatives_reject_nothing_that_one_accepts() {
        let integers = json!({"anyOf": [{"type": "integer", "maximum": 5}, {"type": "integer", "minimum": 10}]});
        let objects = json!({"oneOf": [
            {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
            {"type": "object", "properties": {"n": {"type": "string"}}}
        ]});
        let schema = json!({"properties": {
            "a": integers, "b": objects, "c": {"anyOf": [{}, {"type": "null"}]}, "d": {"enum": ["x", 1.5]},
            "e": {"allOf": [{"type": "integer", "minimum": 1}]}, "f": true
        }});
        for given in [r#"{"a":15,"b":{"n":"x"},"c":[1.5],"d":1.5,"f":{}}"#, r#"{"a":3,"b":{},"c":"","d":"x","f":0}"#] {
            assert_eq!(normalized(&schema, given), Ok(serde_json::from_str(given).unwrap()), "{given}");
        }
        assert_eq!(normalized(&schema, r#"{"a":15.0,"e":0}"#), Ok(json!({"a": 15})));
        assert!(normalized(&schema, r#"{"a":"x"}"#).is_err() && normalized(&schema, r#"{"e":1.5}"#).is_err());
    }

    #[test]
    fn nested_and_referenced_schemas_are_followed() {
        let schema = json!({
            "properties": {"edits": {"type": "array", "items": {"$ref": "#/$defs/Edit"}}},
            "$defs": {"Edit": {
                "type": "object",
                "properties": {"line": {"type": "integer"}, "then": {"$ref": "#/$defs/Edit"}},
                "required": ["line"]
            }}
        });
        let nested = r#"{"edits":[{"line":1.0,"then":{"line":2e0,"then":null}}]}"#;
        assert_eq!(normalized(&schema, nested), Ok(json!({"edits": [{"line": 1, "then": {"line": 2}}]})));
        for (given, place) in [
            (r#"{"edits":[{"line":1},{"line":1.5}]}"#, "`edits[1].line` of demo must be a whole number, not 1.5"),
            (r#"{"edits":[{}]}"#, "`edits[0].line` is missing"),
            (r#"{"edits":{}}"#, "`edits` of demo must be an array, not an object"),
        ] {
            let error = normalized(&schema, given).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
    }
}
