//! `create_session`: creates a session with an unguessable handle and an expiry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    context::Context,
    definition::{Definition, Effect},
    error::ToolError,
    output::ToolOutput,
    rendered::Rendered,
    tool::Tool,
};
use crate::{
    clock::{epoch_seconds, rfc3339},
    config::Limits,
    session::Session,
    telemetry::{call, targets},
};

/// Creates a session. Takes no arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateSession {}

/// The result of `create_session`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionCreated {
    /// The handle.
    session_id: String,
    /// The time at which the session and its notes expire.
    #[serde(rename = "expiresAt")]
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
    message: String,
}

impl Tool for CreateSession {
    const NAME: &'static str = "create_session";
    const TITLE: Option<&'static str> = Some("Create a session");
    const EFFECT: Effect = Effect::Adds;
    const KEEPS_ARGUMENTS: bool = false;
    type Output = SessionCreated;

    fn definition(limits: &Limits) -> Definition {
        let lifetime = in_words(limits.session_ttl.as_secs());
        let description = format!(
            "Create a session with an unguessable handle. Pass the handle as `session_id` to add_note, get_notes and \
             reset_session. Keep the complete handle: it cannot be looked up later. The session and its notes expire \
             {lifetime} after creation, even if the session is used. A session with a name of your choice needs no creation \
             and does not expire, but every caller with your credentials who guesses the name can read it."
        );
        Definition { description, ..Definition::derived::<Self>() }
    }

    async fn call(self, cx: &Context) -> Result<SessionCreated, ToolError> {
        let end = epoch_seconds().saturating_add(cx.limits().session_ttl.as_secs());
        let session = Session::create(cx.principal(), end).map_err(|error| {
            tracing::error!(target: targets::CREATE_SESSION, %error, "cannot create a session handle");
            ToolError::Internal
        })?;
        call::set_session(&session);
        let (session_id, expires_at) = (session.id().to_owned(), rfc3339(session.expires_at().unwrap_or(end)));
        let message = format!("Session {session_id} created; it expires at {expires_at}.");
        Ok(SessionCreated { session_id, expires_at, message })
    }

    fn render(output: SessionCreated) -> Result<Box<dyn ToolOutput>, ToolError> {
        let SessionCreated { session_id, expires_at, message } = output;
        Ok(Box::new(Rendered {
            structured: json!({"session_id": session_id, "expiresAt": expires_at, "message": message}),
            rest: json!({"result": session_id, "expiresAt": expires_at}),
            text: message,
        }))
    }
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
        }
    }
}
