//! The difference between an expected and an actual response.

use std::fmt;

use serde::Serialize;

/// An expectation that a response did not meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    pub(crate) expected: String,
    pub(crate) got: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// The server did not respond at all.
    #[serde(skip)]
    pub(crate) unreachable: bool,
}

impl Mismatch {
    pub fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { expected: expected.into(), got: got.into(), hint: None, unreachable: false }
    }

    /// Names the tool that it is about.
    pub(crate) fn of(self, tool: &str) -> Self {
        Self { got: format!("{} from {tool}", self.got), ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, got {}", self.expected, self.got)
    }
}

impl std::error::Error for Mismatch {}

/// Passes if both values are equal.
pub fn ensure_equal<T: PartialEq + fmt::Debug>(expected: &T, got: &T) -> Result<(), Mismatch> {
    if expected == got { Ok(()) } else { Err(Mismatch::new(format!("{expected:?}"), format!("{got:?}"))) }
}
