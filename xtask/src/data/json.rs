//! Items as lines of JSON, in the format of AWS's table exports to S3 (`DYNAMODB_JSON`), so that both can be imported.

use anyhow::{Context, bail};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};

use crate::aws::table::Item;

/// Formats an item as one line, without the line break.
pub(super) fn line(item: &Item) -> anyhow::Result<String> {
    let attributes: anyhow::Result<Map<String, Value>> =
        item.iter().map(|(name, value)| Ok((name.clone(), to_json(value)?))).collect();
    Ok(json!({"Item": attributes?}).to_string())
}

/// Parses a line. Fails if it is not an object with an `Item` whose attributes each have one DynamoDB type.
pub(super) fn parse(line: &str) -> anyhow::Result<Item> {
    let value: Value = serde_json::from_str(line).context("invalid JSON")?;
    let attributes = value["Item"].as_object().context("expected an object with an `Item`")?;
    attributes.iter().map(|(name, value)| Ok((name.clone(), from_json(value).with_context(|| name.clone())?))).collect()
}

fn to_json(value: &AttributeValue) -> anyhow::Result<Value> {
    Ok(match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(bytes) => json!({"B": BASE64.encode(bytes)}),
        AttributeValue::Bool(truth) => json!({"BOOL": truth}),
        AttributeValue::Null(truth) => json!({"NULL": truth}),
        AttributeValue::Ss(texts) => json!({"SS": texts}),
        AttributeValue::Ns(numbers) => json!({"NS": numbers}),
        AttributeValue::Bs(blobs) => json!({"BS": blobs.iter().map(|bytes| BASE64.encode(bytes)).collect::<Vec<_>>()}),
        AttributeValue::L(list) => json!({"L": list.iter().map(to_json).collect::<anyhow::Result<Vec<_>>>()?}),
        AttributeValue::M(map) => {
            let entries = map.iter().map(|(name, value)| Ok((name.clone(), to_json(value)?)));
            json!({"M": entries.collect::<anyhow::Result<Map<_, _>>>()?})
        }
        _ => bail!("unknown attribute type; update this deployer"),
    })
}

fn from_json(value: &Value) -> anyhow::Result<AttributeValue> {
    let object = value.as_object().filter(|object| object.len() == 1);
    let (kind, value) =
        object.and_then(|object| object.iter().next()).context("expected an object of one type and its value")?;
    let attribute = match (kind.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text.clone()),
        ("N", Value::String(number)) => AttributeValue::N(number.clone()),
        ("B", Value::String(encoded)) => AttributeValue::B(bytes(encoded)?),
        ("BOOL", Value::Bool(truth)) => AttributeValue::Bool(*truth),
        ("NULL", Value::Bool(truth)) => AttributeValue::Null(*truth),
        ("SS", Value::Array(list)) => AttributeValue::Ss(texts(list)?),
        ("NS", Value::Array(list)) => AttributeValue::Ns(texts(list)?),
        ("BS", Value::Array(list)) => {
            AttributeValue::Bs(texts(list)?.iter().map(|encoded| bytes(encoded)).collect::<anyhow::Result<_>>()?)
        }
        ("L", Value::Array(list)) => AttributeValue::L(list.iter().map(from_json).collect::<anyhow::Result<_>>()?),
        ("M", Value::Object(map)) => {
            let entries = map.iter().map(|(name, value)| Ok((name.clone(), from_json(value)?)));
            AttributeValue::M(entries.collect::<anyhow::Result<_>>()?)
        }
        ("S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M", _) => {
            bail!("the value does not match the type {kind}")
        }
        _ => bail!("unknown attribute type {kind}"),
    };
    Ok(attribute)
}

fn texts(list: &[Value]) -> anyhow::Result<Vec<String>> {
    list.iter().map(|value| value.as_str().map(str::to_owned).context("expected a set of strings")).collect()
}

fn bytes(encoded: &str) -> anyhow::Result<Blob> {
    Ok(Blob::new(BASE64.decode(encoded).context("invalid base64")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attributes() -> impl Strategy<Value = AttributeValue> {
        let blob = || prop::collection::vec(any::<u8>(), 0..40).prop_map(Blob::new);
        let leaf = prop_oneof![
            any::<String>().prop_map(AttributeValue::S),
            any::<f64>().prop_map(|number| AttributeValue::N(number.to_string())),
            blob().prop_map(AttributeValue::B),
            any::<bool>().prop_map(AttributeValue::Bool),
            Just(AttributeValue::Null(true)),
            prop::collection::vec(any::<String>(), 0..4).prop_map(AttributeValue::Ss),
            prop::collection::vec(any::<i64>().prop_map(|n| n.to_string()), 0..4).prop_map(AttributeValue::Ns),
            prop::collection::vec(blob(), 0..4).prop_map(AttributeValue::Bs),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
                prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(AttributeValue::M),
            ]
        })
    }

    proptest! {
        #[test]
        fn item_survives_the_round_trip(item in prop::collection::hash_map(any::<String>(), attributes(), 0..5)) {
            let line = line(&item).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(parse(&line).unwrap(), item);
        }
    }

    #[test]
    fn aws_export_line_is_parsed() {
        let line = r#"{"Item":{"pk":{"S":"SESSION#a"},"n":{"N":"1.50"},"b":{"B":"AP8="},"l":{"L":[{"NULL":true}]}}}"#;
        let item = parse(line).unwrap();
        assert_eq!(item["n"], AttributeValue::N("1.50".to_owned()));
        assert_eq!(item["b"], AttributeValue::B(Blob::new([0, 255])));
    }

    #[test]
    fn malformed_lines_are_rejected() {
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"Item":[]}"#,
            r#"{"Item":{"a":"b"}}"#,
            r#"{"Item":{"a":{}}}"#,
            r#"{"Item":{"a":{"S":"x","N":"1"}}}"#,
            r#"{"Item":{"a":{"N":1}}}"#,
            r#"{"Item":{"a":{"B":"%"}}}"#,
            r#"{"Item":{"a":{"SS":[1]}}}"#,
            r#"{"Item":{"a":{"L":[{"X":1}]}}}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
