//! `create_session`: a session under a handle that nobody can guess, and that ends by itself.

use serde_json::json;

use super::{Answer, Definition, Effect, ToolError, Tools, answer::Made};
use crate::{
    clock::{epoch_seconds, rfc3339},
    principal::Principal,
    session::Session,
    telemetry::call,
};

pub(super) const NAME: &str = "create_session";

pub(super) fn definition(ttl_seconds: u64) -> Definition {
    let life = in_words(ttl_seconds);
    Definition {
        name: NAME,
        title: "Create a session",
        description: format!(
            "Create a session with an unguessable handle. Pass the handle as `session_id` to add_note, get_notes and \
             reset_session; keep it whole, it cannot be looked up. The session and its notes expire {life} after its \
             creation, whatever happens in it. A session under a name of your own needs no creation and does not expire, \
             but whoever may call this server as you and guesses the name reads it."
        ),
        input: json!({"type": "object", "properties": {}}),
        output: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "description": "The handle."},
                "expiresAt": {"type": "string", "format": "date-time", "description": "When the session and its notes are gone."},
                "message": {"type": "string"}
            },
            "required": ["session_id", "expiresAt", "message"]
        }),
        effect: Effect::Adds,
    }
}

pub(super) fn run(tools: &Tools, principal: &Principal) -> Result<Box<dyn Answer>, ToolError> {
    let end = epoch_seconds().saturating_add(tools.session_ttl_seconds);
    let session = Session::create(principal, end).map_err(|error| {
        tracing::error!(%error, "no handle can be made");
        ToolError::Internal
    })?;
    call::is_about(&session);
    let handle = session.id();
    let expires_at = rfc3339(session.expires_at().unwrap_or(end));
    let message = format!("Session {handle} created; it expires at {expires_at}.");
    Ok(Box::new(Made {
        structured: json!({"session_id": handle, "expiresAt": expires_at, "message": message}),
        rest: json!({"result": handle, "expiresAt": expires_at}),
        text: message,
    }))
}

/// A duration in the largest unit that tells it exactly.
fn in_words(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, name) = units.into_iter().find(|(size, _)| seconds.is_multiple_of(*size)).unwrap_or((1, "second"));
    let count = seconds / size;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_life_is_told_exactly() {
        for (seconds, words) in [(2_592_000, "30 days"), (86_400, "1 day"), (5_400, "90 minutes"), (61, "61 seconds")] {
            assert_eq!(in_words(seconds), words);
            assert!(definition(seconds).description.contains(words));
        }
    }
}
