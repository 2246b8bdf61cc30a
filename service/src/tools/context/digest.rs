//! The digest of a call's arguments, by which a repeated call is recognized.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::tools::idempotency;

/// Returns a SHA-256 of normalized arguments without `idempotency_key`: equal for a repeated call, and different for a
/// call with other arguments.
pub(super) fn digest(arguments: &Map<String, Value>) -> [u8; 32] {
    let mut text = String::new();
    write_object(&mut text, arguments.iter().filter(|(name, _)| *name != idempotency::ARGUMENT));
    Sha256::digest(text).into()
}

/// Writes JSON with sorted keys. The maps of serde_json are sorted only until a crate of the tool's author turns on its
/// feature `preserve_order`.
fn write(text: &mut String, value: &Value) {
    match value {
        Value::Object(members) => write_object(text, members.iter()),
        Value::Array(elements) => {
            text.push('[');
            for element in elements {
                write(text, element);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn write_object<'a>(text: &mut String, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    let mut members: Vec<_> = members.collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (name, value) in members {
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(text, value);
        text.push(',');
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &str) -> [u8; 32] {
        digest(&serde_json::from_str(arguments).unwrap())
    }

    #[test]
    fn digest_ignores_order_and_the_key() {
        let first = of(r#"{"a":{"x":1,"y":[true,null]},"b":"t","idempotency_key":"k"}"#);
        assert_eq!(first, of(r#"{"idempotency_key":"l","b":"t","a":{"y":[true,null],"x":1}}"#));
    }

    #[test]
    fn digest_differs_by_value_and_structure() {
        let texts =
            [r#"{"a":"1"}"#, r#"{"a":1}"#, r#"{"a":[1]}"#, r#"{"a":{"1":1}}"#, r#"{"b":1}"#, r#"{"a":1,"b":1}"#, "{}"];
        for (at, text) in texts.iter().enumerate() {
            assert!(texts[at + 1..].iter().all(|other| of(other) != of(text)), "{text}");
        }
    }
}
