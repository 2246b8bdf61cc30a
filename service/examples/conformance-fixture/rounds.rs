//! The `requestState` of calls that take more than one round (MRTR, 2026-07-28).

use rmcp::ErrorData;
use uuid::Uuid;

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// It was not asked anything yet.
    First,
    /// One question went out.
    Second,
    /// Two questions went out.
    Third,
}

/// The states that were given out: unguessable, so one that a client changed is none of them.
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
    /// The state with which a call comes back in its second round.
    pub(crate) fn second(&self) -> Option<String> {
        Some(self.second.clone())
    }

    /// The state with which a call comes back in its third round.
    pub(crate) fn third(&self) -> Option<String> {
        Some(self.third.clone())
    }

    /// The round that `state` stands for.
    pub(crate) fn of(&self, state: Option<&str>) -> Result<Round, ErrorData> {
        match state {
            None => Ok(Round::First),
            Some(state) if state == self.second => Ok(Round::Second),
            Some(state) if state == self.third => Ok(Round::Third),
            Some(_) => Err(ErrorData::invalid_params("requestState is not one that this server gave", None)),
        }
    }
}
