//! `reset_session`: deletes a session's notes. Calls with the same idempotency key delete the notes that
//! existed at the first call.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{
    arguments::Arguments,
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    idempotency,
    output::{Rendered, ToolOutput},
    schema,
};
use crate::{
    config::DRAIN,
    principal::Principal,
    session::Session,
    store::{IdempotencyKey, KeyedReset},
};

pub(super) const NAME: &str = "reset_session";

/// The longest time for which one reset deletes: well within the request's own limit (20 s by default) and
/// within [`DRAIN`].
const DEADLINE: Duration = Duration::from_secs(12);
const _: () = assert!(DEADLINE.as_secs() < DRAIN.as_secs());

pub(super) fn definition() -> Definition {
    Definition {
        name: NAME,
        title: "Reset a session",
        description: "Delete all notes of a session permanently. Returns the number of deleted notes. Notes that are added at \
            the same moment may survive. Calling again deletes newer notes, too, unless both calls have the same \
            `idempotency_key`: pass a new UUID with every new reset, and the same one to repeat a call that got no response."
            .to_owned(),
        input: json!({
            "type": "object",
            "properties": {
                "session_id": schema::session_id("The session_id that was passed to add_note: a handle from create_session or a name."),
                "idempotency_key": schema::idempotency_key(
                    "Repeating the call with the same key deletes no note that was added after the first call."
                )
            },
            "required": ["session_id"]
        }),
        output: json!({
            "type": "object",
            "properties": {
                "deleted": {"type": "integer", "minimum": 0, "description": "The number of deleted notes."},
                "message": {"type": "string"},
                "replayed": idempotency::replayed_schema()
            },
            "required": ["deleted", "message"]
        }),
        effect: Effect::Deletes,
    }
}

pub(super) async fn run(
    context: &Context,
    principal: &Principal,
    mut arguments: Arguments,
) -> Result<Box<dyn ToolOutput>, ToolError> {
    let session = arguments.session(principal)?;
    let deadline = Instant::now() + DEADLINE;
    let (deleted, replayed) = match arguments.idempotency_key()? {
        None => (reset(context, &session, deadline).await?, None),
        Some(key) => {
            let (deleted, replayed) = reset_once(context, &session, &key, deadline).await?;
            (deleted, Some(replayed))
        }
    };
    let message = format!("Deleted {deleted} notes from {}.", session.id());
    let output = Rendered {
        structured: json!({"deleted": deleted, "message": message}),
        rest: json!({"result": message}),
        text: message,
    };
    Ok(Box::new(idempotency::set_replayed(output, replayed)))
}

async fn reset(context: &Context, session: &Session, deadline: Instant) -> Result<usize, ToolError> {
    let partial = "some notes may have been deleted: call reset_session again to delete the rest; ";
    let reset = context.store.reset(session, deadline).await.map_err(ToolError::store(partial))?;
    if reset.complete {
        return Ok(reset.deleted);
    }
    let deleted = reset.deleted;
    Err(ToolError::Incomplete(format!(
        "at least {deleted} notes were deleted and some may remain; call reset_session again to delete the rest"
    )))
}

async fn reset_once(
    context: &Context,
    session: &Session,
    key: &IdempotencyKey,
    deadline: Instant,
) -> Result<(usize, bool), ToolError> {
    let reset = context.store.reset_once(session, key, deadline).await;
    match reset.map_err(ToolError::keyed(idempotency::UNCERTAIN, "a note"))? {
        KeyedReset::Done { deleted, replayed } => Ok((deleted, replayed)),
        KeyedReset::Deleting => Err(ToolError::Incomplete(
            "some notes may remain; call reset_session again with the same `idempotency_key` to delete the rest"
                .to_owned(),
        )),
        KeyedReset::Counting => Err(ToolError::Incomplete(
            "nothing was deleted: the session is too large for a reset with `idempotency_key`; call reset_session without it"
                .to_owned(),
        )),
    }
}
