//! The `requestState` of calls with more than one round (MRTR, 2026-07-28).

use rmcp::ErrorData;
use uuid::Uuid;

/// The round of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// No question was sent.
    First,
    /// One question was sent.
    Second,
    /// Two questions were sent.
    Third,
}

/// The valid states. They are unguessable, so a state that a client has changed is invalid.
#[derive(Debug)]
pub(crate) struct Rounds {
    second: String,
    third: String,
}

impl Default for Rounds {
    fn default() -> Self {
        Self { second: Uuid::new_v4().to_string(), third: Uuid::new_v4().to_string() }
    }
}

impl Rounds {
    /// Returns the state of a call's second round.
    pub(crate) fn second(&self) -> Option<String> {
        Some(self.second.clone())
    }

    /// Returns the state of a call's third round.
    pub(crate) fn third(&self) -> Option<String> {
        Some(self.third.clone())
    }

    /// Returns the round of `state`.
    pub(crate) fn find(&self, state: Option<&str>) -> Result<Round, ErrorData> {
        match state {
            None => Ok(Round::First),
            Some(state) if state == self.second => Ok(Round::Second),
            Some(state) if state == self.third => Ok(Round::Third),
            Some(_) => {
                Err(ErrorData::invalid_params("invalid requestState: pass the value from the previous result", None))
            }
        }
    }
}
