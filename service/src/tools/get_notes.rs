//! `get_notes`: reads a session's notes, at once or in pages.

use std::{iter, num::NonZeroUsize};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    context::Context,
    definition::Effect,
    error::ToolError,
    output::{ToolOutput, to_json},
    session_id::SessionId,
    tool::Tool,
};
use crate::store::{Cursor, PageRequest};

/// The maximum of `limit`.
pub const MAX_LIMIT: usize = 10_000;

/// Read the notes of a session, oldest first. A session without notes returns an empty list. Without `limit`,
/// returns all notes that fit into one result. If the result has `nextCursor`, call again with it as `cursor` to
/// get the notes that follow.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetNotes {
    /// The session_id that was passed to add_note: a handle from create_session or a name.
    session_id: SessionId,
    /// The maximum number of notes to return. 0: no limit.
    #[schemars(range(max = MAX_LIMIT), extend("default" = 0))]
    limit: Option<usize>,
    /// nextCursor of the previous result for the same session. Empty: from the first note.
    #[schemars(extend("default" = ""))]
    cursor: Option<String>,
}

/// The result of `get_notes`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Notes {
    /// Oldest first.
    notes: Vec<String>,
    /// Present only if more notes follow.
    #[serde(rename = "nextCursor", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    next: Option<String>,
}

impl Tool for GetNotes {
    const NAME: &'static str = "get_notes";
    const TITLE: Option<&'static str> = Some("Read the notes");
    const EFFECT: Effect = Effect::Reads;
    const KEEPS_ARGUMENTS: bool = false;
    type Output = Notes;

    async fn call(self, cx: &Context) -> Result<Notes, ToolError> {
        let Self { session_id: session, limit, cursor } = self;
        let after = cursor.map(|text| Cursor::decode(&session, &text)).transpose()?;
        let max_bytes = Some(cx.limits().answer_bytes);
        let request = PageRequest { after, limit: limit.and_then(NonZeroUsize::new), max_bytes };
        let page = cx.store().notes(&session, request).await.map_err(ToolError::store(""))?;
        Ok(Notes { notes: page.notes, next: page.next.map(|cursor| cursor.encode(&session)) })
    }

    fn render(output: Notes) -> Result<Box<dyn ToolOutput>, ToolError> {
        Ok(Box::new(output))
    }
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
    use serde_json::json;

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
