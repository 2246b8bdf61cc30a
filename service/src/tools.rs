//! What the tools mean, apart from how a client reaches them: both surfaces ([`crate::mcp`], [`crate::rest`]) call here.

mod add_note;
mod answer;
mod arguments;
mod create_session;
mod echo_cached;
mod error;
mod get_notes;
mod keyed;
mod local_cache;
mod observe;
mod reset_session;

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

pub use add_note::MAX_NOTE_BYTES;
pub use answer::Answer;
pub use echo_cached::{LIFETIME_SECONDS, MAX_TEXT_BYTES};
pub use error::ToolError;
pub use get_notes::MAX_LIMIT;

use arguments::Arguments;
use local_cache::LocalCache;

use crate::{
    config::Limits,
    principal::{Access, Principal},
    store::Store,
    telemetry::Metrics,
};

/// A tool as it is announced.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name on both surfaces.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does, written for a model.
    pub description: String,
    /// The arguments, as JSON Schema.
    pub input: Value,
    /// The structured result, as JSON Schema.
    pub output: Value,
    /// What it does to the state.
    pub effect: Effect,
}

/// What a tool does to the state; all of them stay inside it (MCP: not "open world").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes no note; at the most it fills the cache.
    Reads,
    /// Adds; calling again adds again.
    Adds,
    /// Deletes; calling again changes nothing more.
    Deletes,
}

impl Effect {
    /// What a caller needs for it.
    pub fn access(self) -> Access {
        match self {
            Self::Reads => Access::Read,
            Self::Adds | Self::Deletes => Access::Write,
        }
    }
}

/// The tools on one store.
#[derive(Debug)]
pub struct Tools {
    store: Store,
    definitions: [Definition; 5],
    echoes: LocalCache,
    max_answer_bytes: usize,
    session_ttl_seconds: u64,
    metrics: Arc<Metrics>,
}

/// What a caller of `tool` needs; nothing is needed for one that is not there.
pub fn access(tool: &str) -> Option<Access> {
    static NEEDED: LazyLock<Vec<(&str, Access)>> =
        LazyLock::new(|| definitions(1).iter().map(|tool| (tool.name, tool.effect.access())).collect());
    NEEDED.iter().find(|(name, _)| *name == tool).map(|(_, access)| *access)
}

impl Tools {
    /// Tools on `store`, within what `limits` say of answers and of a session's life.
    pub fn new(store: Store, limits: &Limits, metrics: Arc<Metrics>) -> Self {
        let session_ttl_seconds = limits.session_ttl.as_secs();
        Self {
            store,
            definitions: definitions(session_ttl_seconds),
            echoes: LocalCache::default(),
            max_answer_bytes: limits.answer_bytes,
            session_ttl_seconds,
            metrics,
        }
    }

    /// The tools, in the original's order, and then ours.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The store that the tools work on.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Calls a tool in the name of `principal`. Counted, timed and traced; a panic inside is contained and becomes [`ToolError::Internal`].
    ///
    /// # Errors
    /// [`ToolError`], whose text is for the client.
    pub async fn call(
        &self,
        principal: &Principal,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Result<Box<dyn Answer>, ToolError> {
        match known(tool) {
            Some(name) => {
                let run = self.run(principal, name, Arguments::new(name, arguments));
                observe::observed(&self.metrics, principal, name, run).await
            }
            None => {
                let refused = async { Err(ToolError::Unknown(shortened(tool))) };
                observe::observed(&self.metrics, principal, "unknown", refused).await
            }
        }
    }

    async fn run(
        &self,
        principal: &Principal,
        tool: &'static str,
        arguments: Arguments,
    ) -> Result<Box<dyn Answer>, ToolError> {
        if !access(tool).is_some_and(|needed| principal.grant().covers(needed)) {
            return Err(ToolError::Forbidden { tool });
        }
        // What waits for the table is large: in boxes, so that no layer above copies it, least where nothing is waited for.
        match tool {
            add_note::NAME => Box::pin(add_note::run(self, principal, arguments)).await,
            get_notes::NAME => Box::pin(get_notes::run(self, principal, arguments)).await,
            echo_cached::NAME => echo_cached::run(self, principal, arguments).await,
            reset_session::NAME => Box::pin(reset_session::run(self, principal, arguments)).await,
            create_session::NAME => create_session::run(self, principal),
            other => Err(ToolError::Unknown(other.to_owned())),
        }
    }
}

/// A name that a client sent, fit to be told again: 64 characters at the most.
pub fn shortened(name: &str) -> String {
    match name.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn definitions(session_ttl_seconds: u64) -> [Definition; 5] {
    [
        add_note::definition(),
        get_notes::definition(),
        echo_cached::definition(),
        reset_session::definition(),
        create_session::definition(session_ttl_seconds),
    ]
}

fn known(tool: &str) -> Option<&'static str> {
    let names = [add_note::NAME, get_notes::NAME, echo_cached::NAME, reset_session::NAME, create_session::NAME];
    names.into_iter().find(|name| *name == tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_a_tool_and_has_object_schemas() {
        for definition in definitions(1) {
            assert_eq!(known(definition.name), Some(definition.name));
            assert_eq!(definition.input["type"], "object");
            assert_eq!(definition.output["type"], "object");
        }
    }
}
