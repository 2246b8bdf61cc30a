//! `reset_session`: deletes a session's notes; under an idempotency key, those that were there at the first call.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Answer, Arguments, Definition, Effect, ToolError, Tools, answer::Made, keyed};
use crate::{
    principal::Principal,
    session::Session,
    store::{IdempotencyKey, KeyedReset, MAX_KEY_BYTES},
};

pub(super) const NAME: &str = "reset_session";

/// How long one reset goes on deleting; a service that drains has 25 s, and the request's own time-out is 20 s.
const DEADLINE: Duration = Duration::from_secs(12);

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Reset a session",
        description: "Delete all notes of a session, for good. Answers how many there were. Notes that are being added at the \
            same moment may survive. Calling again deletes what was added since, unless both calls have the same \
            `idempotency_key`: pass a new UUID with every new reset, and the same one when you repeat a call whose answer you \
            did not get."
            .to_owned(),
        input: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "minLength": 1, "description": "The session, as it was given to add_note: a handle of create_session or a name."},
                "idempotency_key": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_BYTES, "description": "A name for this call, best a UUID, remembered for 24 hours: repeating the call with it deletes no note that was added after the first."}
            },
            "required": ["session_id"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "deleted": {"type": "integer", "minimum": 0, "description": "How many notes were deleted."},
                "message": {"type": "string"},
                "replayed": keyed::replayed_schema()
            },
            "required": ["deleted", "message"]
        }),
        effect: Effect::Deletes,
    }
}

pub(super) async fn run(
    tools: &Tools,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn Answer>, ToolError> {
    let session = arguments.session(principal)?;
    let deadline = Instant::now() + DEADLINE;
    let (deleted, replayed) = match arguments.idempotency_key()? {
        None => (plain(tools, &session, deadline).await?, None),
        Some(key) => {
            let (deleted, replayed) = once(tools, &session, &key, deadline).await?;
            (deleted, Some(replayed))
        }
    };
    let message = format!("Deleted {deleted} notes from {}.", session.id());
    let answer = Made {
        structured: json!({"deleted": deleted, "message": message}),
        rest: json!({"result": message}),
        text: message,
    };
    Ok(Box::new(keyed::mark(answer, replayed)))
}

async fn plain(tools: &Tools, session: &Session, deadline: Instant) -> Result<usize, ToolError> {
    let partial = "some notes may be deleted already, calling again deletes the rest; ";
    let reset = tools.store.reset(session, deadline).await.map_err(ToolError::store(partial))?;
    if reset.complete {
        return Ok(reset.deleted);
    }
    let deleted = reset.deleted;
    Err(ToolError::Incomplete(format!(
        "{deleted} notes or more are deleted and some may remain; call reset_session again to delete the rest"
    )))
}

async fn once(
    tools: &Tools,
    session: &Session,
    key: &IdempotencyKey,
    deadline: Instant,
) -> Result<(usize, bool), ToolError> {
    let reset = tools.store.reset_once(session, key, deadline).await;
    match reset.map_err(ToolError::keyed(keyed::UNCERTAIN, "a note"))? {
        KeyedReset::Done { deleted, replayed } => Ok((deleted, replayed)),
        KeyedReset::Deleting => Err(ToolError::Incomplete(
            "some notes may remain; call reset_session again with the same idempotency_key to delete the rest"
                .to_owned(),
        )),
        KeyedReset::Counting => Err(ToolError::Incomplete(
            "nothing is deleted: the session is too large for a reset under an idempotency_key; leave the key out"
                .to_owned(),
        )),
    }
}
