//! `add_note`: appends a note to a session. Calls with the same idempotency key append it once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    arguments::check_length, context::Context, definition::Effect, error::ToolError, idempotency, output::ToolOutput,
    rendered::Rendered, session_id::SessionId, tool::Tool,
};
use crate::store::IdempotencyKey;

/// The longest note, in bytes of UTF-8: DynamoDB's item limit of 400 KB, minus 16 KiB for keys and attribute names.
pub const MAX_NOTE_BYTES: usize = 384 * 1024;

/// Append a note to a session's memory. The note is stored durably; get_notes returns it after all earlier notes of the
/// same session. Calling again with the same note stores it twice, unless both calls have the same `idempotency_key`:
/// pass a new UUID with every new note, and the same one to repeat a call that got no response.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AddNote {
    /// The session: a handle that create_session returned, or a name of your choice of at most 1024 bytes, not blank
    /// and without control characters. Pass exactly the same value to get_notes.
    session_id: SessionId,
    /// The text to remember. At most 393216 bytes.
    note: String,
    /// A unique name of this call, preferably a UUID, remembered for 24 hours. At most 255 bytes. Repeating the call
    /// with the same key does not store the note again.
    idempotency_key: Option<IdempotencyKey>,
}

/// The result of `add_note`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NoteAdded {
    /// Confirms the session that the note was added to.
    message: String,
    /// Only with idempotency_key: true if an earlier call with the same key had taken effect, so that this call changed
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    replayed: Option<bool>,
}

impl Tool for AddNote {
    const NAME: &'static str = "add_note";
    const TITLE: Option<&'static str> = Some("Add a note");
    const EFFECT: Effect = Effect::Adds;
    const KEEPS_ARGUMENTS: bool = false;
    type Output = NoteAdded;

    async fn call(self, cx: &Context) -> Result<NoteAdded, ToolError> {
        check_length("note", &self.note, MAX_NOTE_BYTES)?;
        let replayed = match &self.idempotency_key {
            None => {
                let uncertain = "the note may have been stored: check with get_notes before adding it again; ";
                let stored = cx.store().add_note(&self.session_id, &self.note).await;
                stored.map_err(ToolError::store(uncertain))?;
                None
            }
            Some(key) => {
                let stored = cx.store().add_note_once(&self.session_id, &self.note, key).await;
                Some(stored.map_err(ToolError::keyed(idempotency::UNCERTAIN, "another note or a reset"))?)
            }
        };
        Ok(NoteAdded { message: format!("Note added to {}.", self.session_id.id()), replayed })
    }

    fn render(output: NoteAdded) -> Result<Box<dyn ToolOutput>, ToolError> {
        let NoteAdded { message, replayed } = &output;
        Ok(Box::new(Rendered::confirmation(message.clone(), *replayed, &output)))
    }
}
