//! `SessionId`, the argument that names a session.

use std::{borrow::Cow, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

use super::arguments::self_explanatory;
use crate::{
    clock::epoch_seconds,
    principal::Principal,
    session::{InvalidSession, MAX_SESSION_ID_BYTES, Session},
    telemetry::call,
};

/// The argument that names a session of the caller: a handle from `create_session`, or a name.
///
/// Deserializing it opens the session for the caller of the current tool call, so a tool cannot reach a session of
/// another principal. The log lines of the call then have the session's fingerprint. It fails outside of a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId(Session);

impl SessionId {
    /// Opens a session of `principal`. The log lines of the current call then have its fingerprint.
    pub(super) fn open(principal: &Principal, id: String) -> Result<Self, InvalidSession> {
        let session = Session::open(principal, id, epoch_seconds())?;
        call::set_session(&session);
        Ok(Self(session))
    }

    /// Returns the session.
    pub fn into_session(self) -> Session {
        self.0
    }
}

impl Deref for SessionId {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        let outside = || D::Error::custom("a session is opened by a tool call only");
        let principal = call::current_principal().ok_or_else(outside)?;
        Self::open(&principal, id).map_err(self_explanatory)
    }
}

impl JsonSchema for SessionId {
    fn schema_name() -> Cow<'static, str> {
        "SessionId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_SESSION_ID_BYTES,
            "description": "The session: a handle that create_session returned, or a name of your choice of at most \
                1024 bytes, not blank and without control characters.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_is_not_opened_outside_of_a_call() {
        let error = serde_json::from_str::<SessionId>("\"demo\"").unwrap_err();
        assert_eq!(error.to_string(), "a session is opened by a tool call only");
    }
}
