//! The tools, independent of how a client calls them: both APIs ([`crate::mcp`], [`crate::rest`]) call [`Tools::call`].

mod add_note;
mod arguments;
mod call_record;
mod context;
mod create_session;
mod definition;
mod echo_cached;
mod error;
mod get_notes;
mod idempotency;
mod local_cache;
mod normalize;
mod output;
mod reset_session;
mod schema;

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

pub use add_note::MAX_NOTE_BYTES;
pub use definition::{Definition, Effect};
pub use echo_cached::{LIFETIME_SECONDS, MAX_TEXT_BYTES};
pub use error::ToolError;
pub use get_notes::MAX_LIMIT;
pub use output::ToolOutput;

use arguments::Arguments;
use context::Context;
use local_cache::LocalCache;
use normalize::InputSchema;

use crate::{
    config::Limits,
    principal::{Access, Principal},
    store::Store,
    telemetry::Metrics,
    text::truncate,
};

/// The tools on one store.
#[derive(Debug)]
pub struct Tools {
    definitions: [Definition; 5],
    /// The input schemas of the definitions, in the same order.
    schemas: [InputSchema; 5],
    context: Context,
}

/// Returns the access that a caller of `tool` needs, or `None` for an unknown tool.
pub fn required_access(tool: &str) -> Option<Access> {
    static REQUIRED: LazyLock<Vec<(&str, Access)>> =
        LazyLock::new(|| definitions(1).iter().map(|tool| (tool.name, tool.effect.required_access())).collect());
    REQUIRED.iter().find(|(name, _)| *name == tool).map(|(_, access)| *access)
}

impl Tools {
    /// Creates the tools on `store`. `limits` sets the size of a result and the lifetime of a session.
    pub fn new(store: Store, limits: &Limits, metrics: Arc<Metrics>) -> Self {
        let session_ttl_seconds = limits.session_ttl.as_secs();
        let definitions = definitions(session_ttl_seconds);
        Self {
            schemas: definitions.each_ref().map(|tool| InputSchema::new(tool.name, &tool.input)),
            definitions,
            context: Context {
                store,
                echoes: LocalCache::default(),
                max_answer_bytes: limits.answer_bytes,
                session_ttl_seconds,
                metrics,
            },
        }
    }

    /// The definitions: the v1 server's tools in its order, then the new ones.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The store that the tools use.
    pub fn store(&self) -> &Store {
        &self.context.store
    }

    /// Calls a tool for `principal`. The call is counted, timed and logged. A panic inside becomes
    /// [`ToolError::Internal`].
    ///
    /// # Errors
    /// [`ToolError`], whose text is for the client.
    pub async fn call(
        &self,
        principal: &Principal,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Result<Box<dyn ToolOutput>, ToolError> {
        let metrics = &self.context.metrics;
        match self.schemas.iter().find(|schema| schema.tool() == tool) {
            Some(schema) => {
                let run = self.run(principal, schema, arguments);
                call_record::recorded(metrics, principal, schema.tool(), run).await
            }
            None => {
                let rejected = async { Err(ToolError::Unknown(truncate(tool))) };
                call_record::recorded(metrics, principal, "unknown", rejected).await
            }
        }
    }

    async fn run(
        &self,
        principal: &Principal,
        schema: &InputSchema,
        mut arguments: Map<String, Value>,
    ) -> Result<Box<dyn ToolOutput>, ToolError> {
        let tool = schema.tool();
        if !required_access(tool).is_some_and(|access| principal.grant().covers(access)) {
            return Err(ToolError::Forbidden { tool });
        }
        schema.normalize(&mut arguments)?;
        let arguments = Arguments::new(arguments);
        let context = &self.context;
        // Futures that wait for the table are large. They are boxed so that no caller copies them, and only
        // where the table is asked.
        match tool {
            add_note::NAME => Box::pin(add_note::run(context, principal, arguments)).await,
            get_notes::NAME => Box::pin(get_notes::run(context, principal, arguments)).await,
            echo_cached::NAME => echo_cached::run(context, principal, arguments).await,
            reset_session::NAME => Box::pin(reset_session::run(context, principal, arguments)).await,
            create_session::NAME => create_session::run(context, principal),
            other => Err(ToolError::Unknown(other.to_owned())),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_have_object_schemas() {
        for definition in definitions(1) {
            assert_eq!(definition.input["type"], "object");
            assert_eq!(definition.output["type"], "object");
        }
    }
}
