//! `add_note`: appends a note to a session. Calls with the same idempotency key append it once.

use serde_json::json;

use super::{
    arguments::Arguments,
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    idempotency,
    output::{Rendered, ToolOutput},
    schema,
};
use crate::principal::Principal;

pub(super) const NAME: &str = "add_note";

/// The longest note, in bytes of UTF-8: DynamoDB's item limit of 400 KB, minus 16 KiB for keys and attribute names.
pub const MAX_NOTE_BYTES: usize = 384 * 1024;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Add a note",
        description: "Append a note to a session's memory. The note is stored durably; get_notes returns it after all earlier \
            notes of the same session. Calling again with the same note stores it twice, unless both calls have the same \
            `idempotency_key`: pass a new UUID with every new note, and the same one to repeat a call that got no response."
            .to_owned(),
        input: json!({
            "type": "object",
            "properties": {
                "session_id": schema::session_id(
                    "The session: a handle that create_session returned, or a name of your choice of at most 1024 bytes, not blank \
                     and without control characters. Pass exactly the same value to get_notes."
                ),
                "note": {"type": "string", "description": "The text to remember. At most 393216 bytes."},
                "idempotency_key": schema::idempotency_key("Repeating the call with the same key does not store the note again.")
            },
            "required": ["session_id", "note"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "message": {"type": "string", "description": "Confirms the session that the note was added to."},
                "replayed": idempotency::replayed_schema()
            },
            "required": ["message"]
        }),
        effect: Effect::Adds,
    }
}

pub(super) async fn run(
    context: &Context,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn ToolOutput>, ToolError> {
    let session = arguments.session(principal)?;
    let note = arguments.bounded_string("note", MAX_NOTE_BYTES)?;
    let replayed = match arguments.idempotency_key()? {
        None => {
            let uncertain = "the note may have been stored: check with get_notes before adding it again; ";
            context.store.add_note(&session, &note).await.map_err(ToolError::store(uncertain))?;
            None
        }
        Some(key) => {
            let stored = context.store.add_note_once(&session, &note, &key).await;
            Some(stored.map_err(ToolError::keyed(idempotency::UNCERTAIN, "another note or a reset"))?)
        }
    };
    let message = format!("Note added to {}.", session.id());
    let output = Rendered { structured: json!({"message": message}), rest: json!({"result": message}), text: message };
    Ok(Box::new(idempotency::set_replayed(output, replayed)))
}
