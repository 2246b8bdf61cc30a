//! A failed call on a state, counter or log: its place and its problem.

use std::fmt;

use crate::{
    store::{Scope, StateProblem},
    telemetry::targets,
    tools::{Context, ToolError},
};

/// A failed call on a state, counter, log or idempotency key.
///
/// The text names the tool, the state and the fingerprint of its session, then the problem and the next step. `?`
/// converts it to a [`ToolError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct StateError {
    place: String,
    problem: StateProblem,
}

/// The place of a problem, formatted only if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) tool: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    pub(super) scope: &'a Scope,
}

impl<'a> Place<'a> {
    pub(super) fn new(cx: &Context, kind: &'static str, name: &'a str, scope: &'a Scope) -> Self {
        Self { tool: cx.tool(), kind, name, scope }
    }

    pub(super) fn error(self) -> impl FnOnce(StateProblem) -> StateError {
        move |problem| StateError { place: self.to_string(), problem }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, kind, name, scope } = self;
        match *name {
            "" => write!(f, "{kind} of {scope} in {tool}"),
            name => write!(f, "{kind} `{name}` of {scope} in {tool}"),
        }
    }
}

impl StateError {
    /// Returns the problem.
    pub fn problem(&self) -> &StateProblem {
        &self.problem
    }
}

impl From<StateError> for ToolError {
    fn from(error: StateError) -> Self {
        match &error.problem {
            StateProblem::Store(kind) => Self::Store { kind: *kind, consequence: "nothing was changed; " },
            StateProblem::Unknown(kind) => Self::Store {
                kind: *kind,
                consequence: "the outcome of the write is unknown: read before repeating the call; ",
            },
            StateProblem::KeyReused => Self::KeyReused("another call"),
            StateProblem::InvalidName | StateProblem::InvalidCursor => Self::Invalid(error.to_string()),
            StateProblem::Contended
            | StateProblem::Overtaken
            | StateProblem::Newer { .. }
            | StateProblem::InProgress
            | StateProblem::Interrupted => Self::Incomplete(error.to_string()),
            StateProblem::Undecodable(_) | StateProblem::Malformed => {
                // The operator has to act: a release wrote something that this one cannot read.
                tracing::error!(target: targets::TOOL_ERROR, error = error.to_string(), "stored state is unreadable");
                Self::Failed(error.to_string())
            }
            StateProblem::Unencodable(_) => Self::internal(error),
            StateProblem::TooLarge { .. }
            | StateProblem::TooManyItems(_)
            | StateProblem::TooManyBytes(_)
            | StateProblem::Overflow { .. } => Self::Failed(error.to_string()),
        }
    }
}
