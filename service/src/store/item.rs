//! Builds and reads the attributes of an item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::{EXPIRES_AT, PK, SK};
use crate::clock::epoch_seconds;

/// An item, or its key.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Builds a string attribute.
pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// Builds a number attribute.
pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Builds a primary key of the table.
pub(super) fn key(pk: String, sk: impl Into<String>) -> Item {
    HashMap::from([(PK.to_owned(), text(pk)), (SK.to_owned(), text(sk))])
}

/// Returns the string of an attribute, if the attribute exists and is a string.
pub(super) fn get_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Returns the whole number of an attribute, if the attribute exists and is one.
pub(super) fn get_number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Returns true unless the item has expired. DynamoDB's TTL may take days to delete an expired one.
pub(super) fn is_visible(item: &Item) -> bool {
    get_number(item, EXPIRES_AT).is_none_or(|at| at > epoch_seconds())
}
