//! The reasons for which arguments are rejected, and the place of the rejected value.

use crate::tools::ToolError;

/// A reason for which arguments are rejected.
pub(super) enum Problem {
    Missing { name: String, expected: String },
    WrongType { place: String, expected: String, got: String },
}

/// The place of a value, as a list from the inside out. It costs nothing until a problem is reported.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Key(&'a str, Option<&'a Place<'a>>),
    Index(usize, &'a Place<'a>),
}

impl Place<'_> {
    pub(super) fn to_text(self) -> String {
        match self {
            Self::Key(key, None) => key.to_owned(),
            Self::Key(key, Some(parent)) => format!("{}.{key}", parent.to_text()),
            Self::Index(index, parent) => format!("{}[{index}]", parent.to_text()),
        }
    }
}

impl Problem {
    pub(super) fn into_error(self, tool: &str) -> ToolError {
        ToolError::Invalid(match self {
            Self::Missing { name, expected } => format!("`{name}` is missing; {tool} requires it as {expected}"),
            Self::WrongType { place, expected, got } => format!("`{place}` of {tool} must be {expected}, not {got}"),
        })
    }
}
