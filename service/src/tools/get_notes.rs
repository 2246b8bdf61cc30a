//! `get_notes`: reads a session's notes, at once or in pages.

use std::{iter, num::NonZeroUsize};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    arguments::Arguments,
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    output::{ToolOutput, to_json},
    schema,
};
use crate::{
    principal::Principal,
    store::{Cursor, PageRequest},
};

pub(super) const NAME: &str = "get_notes";

/// The maximum of `limit`.
pub const MAX_LIMIT: usize = 10_000;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Read the notes",
        description:
            "Read the notes of a session, oldest first. A session without notes returns an empty list. Without \
            `limit`, returns all notes that fit into one result. If the result has `nextCursor`, call again with it as \
            `cursor` to get the notes that follow."
                .to_owned(),
        input: json!({
            "type": "object",
            "properties": {
                "session_id": schema::session_id("The session_id that was passed to add_note: a handle from create_session or a name."),
                "limit": schema::optional(
                    &json!({"type": "integer", "minimum": 0, "maximum": MAX_LIMIT}),
                    0,
                    "The maximum number of notes to return. 0: no limit."
                ),
                "cursor": schema::optional(
                    &json!({"type": "string"}),
                    "",
                    "nextCursor of the previous result for the same session. Empty: from the first note."
                )
            },
            "required": ["session_id"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "notes": {"type": "array", "items": {"type": "string"}, "description": "Oldest first."},
                "nextCursor": {"type": "string", "description": "Present only if more notes follow."}
            },
            "required": ["notes"]
        }),
        effect: Effect::Reads,
    }
}

pub(super) async fn run(
    context: &Context,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn ToolOutput>, ToolError> {
    let session = arguments.session(principal)?;
    let limit = arguments.optional_number("limit")?;
    let cursor = arguments.optional_string("cursor")?;
    let after = cursor.map(|text| Cursor::decode(&session, &text)).transpose()?;
    let request =
        PageRequest { after, limit: limit.and_then(NonZeroUsize::new), max_bytes: Some(context.max_answer_bytes) };
    let page = context.store.notes(&session, request).await.map_err(ToolError::store(""))?;
    Ok(Box::new(Notes { notes: page.notes, next: page.next.map(|cursor| cursor.encode(&session)) }))
}

#[derive(Debug)]
struct Notes {
    notes: Vec<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Rest<'a> {
    result: &'a [String],
    #[serde(rename = "nextCursor", skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

impl ToolOutput for Notes {
    fn texts(&self) -> Vec<String> {
        let hint = |cursor| format!("More notes follow; call get_notes again with \"cursor\": \"{cursor}\".");
        iter::once(to_json(&self.notes)).chain(self.next.as_ref().map(hint)).collect()
    }

    fn structured(self: Box<Self>) -> Value {
        let next = self.next.map(|cursor| ("nextCursor".to_owned(), Value::from(cursor)));
        Value::from_iter(iter::once(("notes".to_owned(), Value::from(self.notes))).chain(next))
    }

    fn rest(&self) -> String {
        to_json(&Rest { result: &self.notes, next: self.next.as_deref() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(next: Option<&str>) -> Box<dyn ToolOutput> {
        Box::new(Notes { notes: vec!["a".to_owned()], next: next.map(str::to_owned) })
    }

    #[test]
    fn cursor_is_in_every_representation() {
        let more = one(Some("c"));
        assert_eq!(more.rest(), r#"{"result":["a"],"nextCursor":"c"}"#);
        assert!(more.texts()[1].contains("\"cursor\": \"c\""));
        assert_eq!(more.structured(), json!({"notes": ["a"], "nextCursor": "c"}));
        let all = one(None);
        assert_eq!(all.texts(), [r#"["a"]"#]);
        assert_eq!(all.rest(), r#"{"result":["a"]}"#);
        assert_eq!(all.structured(), json!({"notes": ["a"]}));
    }
}
