//! `create_session`: creates a session with an unguessable handle and an expiry.

use serde_json::json;

use super::{
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    output::{Rendered, ToolOutput},
};
use crate::{
    clock::{epoch_seconds, rfc3339},
    principal::Principal,
    session::Session,
    telemetry::{call, targets},
};

pub(super) const NAME: &str = "create_session";

pub(super) fn definition(ttl_seconds: u64) -> Definition {
    let lifetime = in_words(ttl_seconds);
    Definition {
        name: NAME,
        title: "Create a session",
        description: format!(
            "Create a session with an unguessable handle. Pass the handle as `session_id` to add_note, get_notes and \
             reset_session. Keep the complete handle: it cannot be looked up later. The session and its notes expire \
             {lifetime} after creation, even if the session is used. A session with a name of your choice needs no creation \
             and does not expire, but every caller with your credentials who guesses the name can read it."
        ),
        input: json!({"type": "object", "properties": {}}),
        output: json!({
            "type": "object",
            "properties": {
                "session_id": {"type": "string", "description": "The handle."},
                "expiresAt": {"type": "string", "format": "date-time", "description": "The time at which the session and its notes expire."},
                "message": {"type": "string"}
            },
            "required": ["session_id", "expiresAt", "message"]
        }),
        effect: Effect::Adds,
    }
}

pub(super) fn run(context: &Context, principal: &Principal) -> Result<Box<dyn ToolOutput>, ToolError> {
    let end = epoch_seconds().saturating_add(context.session_ttl_seconds);
    let session = Session::create(principal, end).map_err(|error| {
        tracing::error!(target: targets::CREATE_SESSION, %error, "cannot create a session handle");
        ToolError::Internal
    })?;
    call::set_session(&session);
    let handle = session.id();
    let expires_at = rfc3339(session.expires_at().unwrap_or(end));
    let message = format!("Session {handle} created; it expires at {expires_at}.");
    Ok(Box::new(Rendered {
        structured: json!({"session_id": handle, "expiresAt": expires_at, "message": message}),
        rest: json!({"result": handle, "expiresAt": expires_at}),
        text: message,
    }))
}

/// Formats a duration in the largest unit that is exact.
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
    fn lifetime_is_described_exactly() {
        for (seconds, words) in [(2_592_000, "30 days"), (86_400, "1 day"), (5_400, "90 minutes"), (61, "61 seconds")] {
            assert_eq!(in_words(seconds), words);
            assert!(definition(seconds).description.contains(words));
        }
    }
}
