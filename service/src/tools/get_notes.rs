//! `get_notes`: reads a session, in one answer or in pages.

use std::num::NonZeroUsize;

use serde_json::{Value, json};

use super::{Answer, Arguments, Definition, Effect, ToolError, Tools};
use crate::{
    principal::Principal,
    store::{Cursor, PageRequest},
};

pub(super) const NAME: &str = "get_notes";

/// The largest `limit`.
pub const MAX_LIMIT: usize = 10_000;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Read the notes",
        description: "Read the notes of a session, oldest first. A session nobody wrote to has none. Without `limit` all notes \
            come back, unless they are too many for one answer; whenever `nextCursor` is in the result, call again with it \
            as `cursor` for the notes that follow."
            .to_owned(),
        input: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "minLength": 1, "description": "The session, as it was given to add_note: a handle of create_session or a name."},
                "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "description": "At most so many notes."},
                "cursor": {"type": "string", "description": "nextCursor of the previous answer for the same session."}
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

pub(super) async fn run(tools: &Tools, principal: &Principal, mut arguments: Arguments) -> Result<Answer, ToolError> {
    let session = arguments.session(principal)?;
    let limit = arguments.optional_number("limit", 1..=MAX_LIMIT)?;
    let cursor = arguments.optional_string("cursor")?;
    let after = cursor.map(|text| Cursor::decode(&session, &text)).transpose()?;
    let request =
        PageRequest { after, limit: limit.and_then(NonZeroUsize::new), max_bytes: Some(tools.max_answer_bytes) };
    let page = tools.store.notes(&session, request).await.map_err(ToolError::store(""))?;
    Ok(answer(page.notes, page.next.map(|cursor| cursor.encode(&session))))
}

fn answer(notes: Vec<String>, next: Option<String>) -> Answer {
    let notes = Value::from(notes);
    let mut texts = vec![notes.to_string()];
    let mut structured = json!({"notes": notes});
    let mut rest = json!({"result": notes});
    if let Some(cursor) = next {
        texts.push(format!("More notes follow; call get_notes again with \"cursor\": \"{cursor}\"."));
        structured["nextCursor"] = cursor.as_str().into();
        rest["nextCursor"] = cursor.into();
    }
    Answer { texts, structured, rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_told_on_every_surface_and_never_otherwise() {
        let more = answer(vec!["a".into()], Some("c".into()));
        assert_eq!(more.structured["nextCursor"], "c");
        assert_eq!(more.rest["nextCursor"], "c");
        assert!(more.texts[1].contains("\"cursor\": \"c\""));
        let all = answer(vec!["a".into()], None);
        assert_eq!(all.texts, [r#"["a"]"#]);
        assert_eq!(all.rest, json!({"result": ["a"]}));
    }
}
