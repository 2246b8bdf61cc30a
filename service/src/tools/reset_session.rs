//! `reset_session`: deletes a session's notes and the states of its tools. Calls with the same idempotency key
//! delete the notes that existed at the first call.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    context::Context, definition::Effect, error::ToolError, idempotency, output::ToolOutput, rendered::Rendered,
    session_id::SessionId, tool::Tool,
};
use crate::{
    config::DRAIN,
    session::Session,
    store::{IdempotencyKey, KeyedReset},
};

/// The longest time for which one reset deletes: well within the request's own limit (20 s by default) and
/// within [`DRAIN`].
const DEADLINE: Duration = Duration::from_secs(12);
const _: () = assert!(DEADLINE.as_secs() < DRAIN.as_secs());

/// Delete all notes of a session permanently, and everything that other tools keep for it. Returns the number of
/// deleted notes. Notes that are added at the same moment may survive. Calling again deletes newer notes, too,
/// unless both calls have the same `idempotency_key`: pass a new UUID with every new reset, and the same one to
/// repeat a call that got no response.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ResetSession {
    /// The session_id that was passed to add_note: a handle from create_session or a name.
    session_id: SessionId,
    /// A unique name of this call, preferably a UUID, remembered for 24 hours. At most 255 bytes. Repeating the
    /// call with the same key deletes no note that was added after the first call.
    idempotency_key: Option<IdempotencyKey>,
}

/// The result of `reset_session`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionReset {
    /// The number of deleted notes.
    deleted: usize,
    message: String,
    /// Only with idempotency_key: true if an earlier call with the same key had taken effect, so that this call
    /// changed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    replayed: Option<bool>,
}

impl Tool for ResetSession {
    const NAME: &'static str = "reset_session";
    const TITLE: Option<&'static str> = Some("Reset a session");
    const EFFECT: Effect = Effect::Deletes;
    const KEEPS_ARGUMENTS: bool = false;
    type Output = SessionReset;

    async fn call(self, cx: &Context) -> Result<SessionReset, ToolError> {
        let session = &self.session_id;
        let deadline = Instant::now() + DEADLINE;
        let (deleted, replayed) = match &self.idempotency_key {
            None => (reset(cx, session, deadline).await?, None),
            Some(key) => {
                let (deleted, replayed) = reset_once(cx, session, key, deadline).await?;
                (deleted, Some(replayed))
            }
        };
        let message = format!("Deleted {deleted} notes from {}.", session.id());
        Ok(SessionReset { deleted, message, replayed })
    }

    fn render(output: SessionReset) -> Result<Box<dyn ToolOutput>, ToolError> {
        let SessionReset { message, replayed, .. } = &output;
        Ok(Box::new(Rendered::confirmation(message.clone(), *replayed, &output)))
    }
}

async fn reset(cx: &Context, session: &Session, deadline: Instant) -> Result<usize, ToolError> {
    let partial = "some notes may have been deleted: call reset_session again to delete the rest; ";
    let reset = cx.store().reset(session, deadline).await.map_err(ToolError::store(partial))?;
    if reset.complete {
        return Ok(reset.deleted);
    }
    let deleted = reset.deleted;
    Err(ToolError::Incomplete(format!(
        "at least {deleted} notes were deleted and some may remain; call reset_session again to delete the rest"
    )))
}

async fn reset_once(
    cx: &Context,
    session: &Session,
    key: &IdempotencyKey,
    deadline: Instant,
) -> Result<(usize, bool), ToolError> {
    let reset = cx.store().reset_once(session, key, deadline).await;
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
