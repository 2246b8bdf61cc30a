//! The arguments of a call, as its tool takes them. Unknown arguments are ignored, as in v1.
//!
//! [`super::normalize`] has checked them against the tool's input schema. An argument that is missing or of another
//! type here contradicts the schema, which is a defect of the tool.

use serde_json::{Map, Value};

use super::error::ToolError;
use crate::{clock::epoch_seconds, principal::Principal, session::Session, store::IdempotencyKey, telemetry::call};

/// The normalized arguments of one call.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    pub(super) fn new(normalized: Map<String, Value>) -> Self {
        Self(normalized)
    }

    /// Opens the session of the call for `principal`. The call's log lines then have the session's fingerprint.
    pub(super) fn session(&mut self, principal: &Principal) -> Result<Session, ToolError> {
        let session = Session::open(principal, self.string("session_id")?, epoch_seconds())?;
        call::set_session(&session);
        Ok(session)
    }

    /// Returns the idempotency key, if the client sent one.
    pub(super) fn idempotency_key(&mut self) -> Result<Option<IdempotencyKey>, ToolError> {
        Ok(self.optional_string("idempotency_key")?.map(IdempotencyKey::try_from).transpose()?)
    }

    /// Returns a required string.
    pub(super) fn string(&mut self, name: &str) -> Result<String, ToolError> {
        self.optional_string(name)?.ok_or(ToolError::Internal)
    }

    /// Returns a required string of at most `max` bytes of UTF-8.
    pub(super) fn bounded_string(&mut self, name: &str, max: usize) -> Result<String, ToolError> {
        let text = self.string(name)?;
        if text.len() > max {
            let bytes = text.len();
            return Err(ToolError::Invalid(format!(
                "`{name}` has {bytes} bytes; the limit is {max}: shorten it or split it into several calls"
            )));
        }
        Ok(text)
    }

    /// Returns an optional string.
    pub(super) fn optional_string(&mut self, name: &str) -> Result<Option<String>, ToolError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ToolError::Internal),
        }
    }

    /// Returns an optional whole number.
    pub(super) fn optional_number(&mut self, name: &str) -> Result<Option<usize>, ToolError> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        number.map(Some).ok_or(ToolError::Internal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_above_its_limit_is_rejected() {
        let arguments = || Arguments::new(Map::from_iter([("note".to_owned(), json!("äx"))]));
        assert_eq!(arguments().bounded_string("note", 3).unwrap(), "äx");
        let error = arguments().bounded_string("note", 2).unwrap_err().to_string();
        assert_eq!(error, "`note` has 3 bytes; the limit is 2: shorten it or split it into several calls");
    }
}
