//! `add_note`: appends a note to a session.

use serde_json::json;

use super::{Answer, Arguments, Definition, Effect, ToolError, Tools};
use crate::principal::Principal;

pub(super) const NAME: &str = "add_note";

/// The longest note, in bytes of UTF-8: DynamoDB's 400 KB for an item, less 16 KiB for keys and names.
pub const MAX_NOTE_BYTES: usize = 384 * 1024;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Add a note",
        description: "Append a note to a session's memory. The note is stored durably and comes back from get_notes, after all \
            earlier notes of the same session. Calling again with the same note stores it twice.",
        input: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "minLength": 1, "description": "Name of the session, chosen by you; use the same name to read the notes back. At most 1024 bytes."},
                "note": {"type": "string", "description": "The text to remember. At most 393216 bytes."}
            },
            "required": ["session_id", "note"]
        }),
        output: json!({
            "type": "object",
            "properties": {"message": {"type": "string", "description": "Confirms the session that the note was added to."}},
            "required": ["message"]
        }),
        effect: Effect::Adds,
    }
}

pub(super) async fn run(tools: &Tools, principal: &Principal, mut arguments: Arguments) -> Result<Answer, ToolError> {
    let session = arguments.session(principal)?;
    let note = arguments.bounded_string("note", MAX_NOTE_BYTES)?;
    let uncertain = "the note may be stored or not: look with get_notes before adding it again; ";
    tools.store.add_note(&session, &note).await.map_err(ToolError::store(uncertain))?;
    let message = format!("Note added to {}.", session.id());
    Ok(Answer { structured: json!({"message": message}), rest: json!({"result": message}), texts: vec![message] })
}
