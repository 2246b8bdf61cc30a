//! `add_note`: appends a note to a session; under an idempotency key, once however often it is called.

use serde_json::json;

use super::{Answer, Arguments, Definition, Effect, ToolError, Tools, answer::Made, keyed};
use crate::{principal::Principal, store::MAX_KEY_BYTES};

pub(super) const NAME: &str = "add_note";

/// The longest note, in bytes of UTF-8: DynamoDB's 400 KB for an item, less 16 KiB for keys and names.
pub const MAX_NOTE_BYTES: usize = 384 * 1024;

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Add a note",
        description: "Append a note to a session's memory. The note is stored durably and comes back from get_notes, after all \
            earlier notes of the same session. Calling again with the same note stores it twice, unless both calls have the \
            same `idempotency_key`: pass a new UUID with every new note, and the same one when you repeat a call whose answer \
            you did not get."
            .to_owned(),
        input: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "minLength": 1, "description": "The session: a handle that create_session returned, or a name chosen by you of at most 1024 bytes. Use the same to read the notes back."},
                "note": {"type": "string", "description": "The text to remember. At most 393216 bytes."},
                "idempotency_key": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_BYTES, "description": "A name for this call, best a UUID, remembered for 24 hours: repeating the call with it stores nothing again."}
            },
            "required": ["session_id", "note"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "message": {"type": "string", "description": "Confirms the session that the note was added to."},
                "replayed": keyed::replayed_schema()
            },
            "required": ["message"]
        }),
        effect: Effect::Adds,
    }
}

pub(super) async fn run(
    tools: &Tools,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn Answer>, ToolError> {
    let session = arguments.session(principal)?;
    let note = arguments.bounded_string("note", MAX_NOTE_BYTES)?;
    let replayed = match arguments.idempotency_key()? {
        None => {
            let uncertain = "the note may be stored or not: look with get_notes before adding it again; ";
            tools.store.add_note(&session, &note).await.map_err(ToolError::store(uncertain))?;
            None
        }
        Some(key) => {
            let stored = tools.store.add_note_once(&session, &note, &key).await;
            Some(stored.map_err(ToolError::keyed(keyed::UNCERTAIN, "another note or a reset"))?)
        }
    };
    let message = format!("Note added to {}.", session.id());
    let answer = Made { structured: json!({"message": message}), rest: json!({"result": message}), text: message };
    Ok(Box::new(keyed::mark(answer, replayed)))
}
