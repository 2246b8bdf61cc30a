//! `reset_session`: deletes a session's notes.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Answer, Arguments, Definition, Effect, ToolError, Tools};
use crate::principal::Principal;

pub(super) const NAME: &str = "reset_session";

/// How long one reset goes on deleting; a service that drains has 25 s, and the request's own time-out is 20 s.
const DEADLINE: Duration = Duration::from_secs(12);

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Reset a session",
        description: "Delete all notes of a session, for good. Answers how many there were. Notes that are being added at the \
            same moment may survive.",
        input: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "minLength": 1, "description": "Name of the session, as it was given to add_note."}
            },
            "required": ["session_id"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "deleted": {"type": "integer", "minimum": 0, "description": "How many notes were deleted."},
                "message": {"type": "string"}
            },
            "required": ["deleted", "message"]
        }),
        effect: Effect::Deletes,
    }
}

pub(super) async fn run(tools: &Tools, principal: &Principal, mut arguments: Arguments) -> Result<Answer, ToolError> {
    let session = arguments.session(principal)?;
    let partial = "some notes may be deleted already, calling again deletes the rest; ";
    let reset = tools.store.reset(&session, Instant::now() + DEADLINE).await.map_err(ToolError::store(partial))?;
    let deleted = reset.deleted;
    if !reset.complete {
        return Err(ToolError::Incomplete(format!(
            "{deleted} notes or more are deleted and some may remain; call reset_session again to delete the rest"
        )));
    }
    let message = format!("Deleted {deleted} notes from {}.", session.id());
    Ok(Answer {
        structured: json!({"deleted": deleted, "message": message}),
        rest: json!({"result": message}),
        texts: vec![message],
    })
}
