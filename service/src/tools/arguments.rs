//! Parses the arguments of a call. Errors name the argument. Unknown arguments are ignored, as in v1.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::error::ToolError;
use crate::{clock::epoch_seconds, principal::Principal, session::Session, store::IdempotencyKey, telemetry::call};

/// The arguments of one call. `null` counts as missing.
#[derive(Debug)]
pub(super) struct Arguments {
    tool: &'static str,
    values: Map<String, Value>,
}

impl Arguments {
    pub(super) fn new(tool: &'static str, values: Map<String, Value>) -> Self {
        Self { tool, values }
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
        let tool = self.tool;
        self.optional_string(name)?
            .ok_or_else(|| ToolError::Invalid(format!("`{name}` is missing; {tool} requires it as a string")))
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
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong_type(name, "a string", &other)),
        }
    }

    /// Returns an optional whole number within `range`.
    pub(super) fn optional_number(
        &mut self,
        name: &str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<usize>, ToolError> {
        let Some(value) = self.values.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                Err(self.wrong_type(name, &expected, &value))
            }
        }
    }

    fn wrong_type(&self, name: &str, expected: &str, got: &Value) -> ToolError {
        let got = match got {
            Value::Bool(_) => "a boolean".to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(_) => "a string".to_owned(),
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            Value::Null => "null".to_owned(),
        };
        ToolError::Invalid(format!("`{name}` of {} must be {expected}, not {got}", self.tool))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(values: Value) -> Arguments {
        Arguments::new("add_note", values.as_object().cloned().unwrap())
    }

    #[test]
    fn errors_name_the_argument_and_its_type() {
        let text = |error: ToolError| error.to_string();
        assert_eq!(
            text(arguments(json!({"note": null})).string("note").unwrap_err()),
            "`note` is missing; add_note requires it as a string"
        );
        assert_eq!(
            text(arguments(json!({"note": 5})).string("note").unwrap_err()),
            "`note` of add_note must be a string, not 5"
        );
        assert_eq!(
            text(arguments(json!({"limit": 0})).optional_number("limit", 1..=9).unwrap_err()),
            "`limit` of add_note must be a whole number from 1 to 9, not 0"
        );
        assert!(arguments(json!({"note": "xx"})).bounded_string("note", 1).is_err());
    }
}
