//! Results and entries as JSON texts.

use serde::Serialize;

use crate::store::StateProblem;

pub(super) fn encode(value: &impl Serialize) -> Result<String, StateProblem> {
    serde_json::to_string(value).map_err(|error| StateProblem::Unencodable(error.to_string()))
}
