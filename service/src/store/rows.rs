//! The notes of a session as a Query returns them.

use aws_sdk_dynamodb::{operation::query::QueryOutput, types::AttributeValue};

use super::{
    item::{Item, get_number},
    keys::{EXPIRES_AT, NOTE, SK},
};
use crate::clock::epoch_seconds;

/// One note.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The sort key.
    pub(super) sk: String,
    /// The text, if the query asked for it.
    pub(super) note: Option<String>,
    /// The end of the note's life in epoch seconds, if it has one.
    pub(super) expires_at: Option<u64>,
}

/// One page of a session's notes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// The notes in the order of their sort keys.
    pub(super) rows: Vec<Row>,
    /// The sort key after which the next page begins, if there is one.
    pub(super) next: Option<String>,
}

impl Row {
    /// Returns true unless the note has expired. DynamoDB's TTL may take days to delete an expired one.
    pub(super) fn is_visible(&self) -> bool {
        self.expires_at.is_none_or(|at| at > epoch_seconds())
    }
}

impl From<QueryOutput> for Rows {
    fn from(output: QueryOutput) -> Self {
        let mut last_key = output.last_evaluated_key.unwrap_or_default();
        Self {
            rows: output.items.unwrap_or_default().into_iter().filter_map(row).collect(),
            next: take_text(&mut last_key, SK),
        }
    }
}

fn row(mut item: Item) -> Option<Row> {
    Some(Row {
        expires_at: get_number(&item, EXPIRES_AT),
        sk: take_text(&mut item, SK)?,
        note: take_text(&mut item, NOTE),
    })
}

fn take_text(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}
