//! The calls of tools, independent of the API that a client uses: both call [`Tools::call`].

use std::{sync::Arc, time::Duration};

use rmcp::model::{GetPromptResult, ResourceContents};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    call_record,
    catalog::Catalog,
    context::{Context, Shared},
    error::ToolError,
    http_client::Clients,
    local_cache::LocalCache,
    output::ToolOutput,
    registry::{Registered, Registry, list},
};
use crate::{
    config::Limits,
    principal::{Access, Principal},
    store::Store,
    telemetry::{Metrics, call::CallContext},
    text::truncate,
};

/// The time between a call's deadline and the response that replaces its own: enough to send an error.
const MARGIN: Duration = Duration::from_millis(500);

/// The labels of reads in metrics and log lines. A tool cannot have such a name.
const READ: &str = "resources/read";
const GET: &str = "prompts/get";

/// The tools of a server on one store.
#[derive(Debug)]
pub struct Tools {
    catalog: Catalog,
    shared: Arc<Shared>,
}

impl Tools {
    /// Creates the tools of `catalog` on `store`. `limits` sets the size of a result and the lifetime of a session.
    pub fn new(mut catalog: Catalog, store: Store, limits: &Limits, metrics: Arc<Metrics>) -> Self {
        let shared = Shared {
            store,
            limits: limits.clone(),
            metrics,
            local_cache: LocalCache::default(),
            http: Arc::new(Clients::new(catalog.private_addresses)),
            data: std::mem::take(&mut catalog.data),
        };
        Self { catalog, shared: Arc::new(shared) }
    }

    /// The catalog that clients see.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The registered tools.
    pub fn registry(&self) -> &Registry {
        &self.catalog.registry
    }

    /// Returns whether a tool is registered.
    pub(crate) fn knows(&self, tool: &str) -> bool {
        self.registry().get(tool).is_some()
    }

    /// The limits of a call.
    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// The store that the tools use.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Returns the deadline of the calls of a request that began at `started`.
    pub fn deadline(&self, started: Instant) -> Instant {
        let timeout = self.shared.limits.request_timeout;
        started + timeout.saturating_sub(MARGIN)
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
        deadline: Instant,
    ) -> Result<Box<dyn ToolOutput>, ToolError> {
        let metrics = &self.shared.metrics;
        match self.registry().get(tool) {
            Some(registered) => {
                let call = CallContext::new(registered.definition.name, principal);
                let run = self.run(registered, call.clone(), arguments, deadline);
                call_record::recorded(metrics, call, run).await
            }
            None => {
                let alternatives = self.registry().alternatives();
                let rejected = async { Err(ToolError::Unknown { tool: truncate(tool), alternatives }) };
                call_record::recorded(metrics, CallContext::new("unknown", principal), rejected).await
            }
        }
    }

    /// Reads the resource at `uri`, as a call that is recorded like that of a tool.
    ///
    /// # Errors
    /// [`ToolError`], whose text is for the client.
    pub(crate) async fn read_resource(
        &self,
        principal: &Principal,
        uri: &str,
        deadline: Instant,
    ) -> Result<Vec<ResourceContents>, ToolError> {
        let call = CallContext::new(READ, principal);
        let work = async {
            let context = self.context_of(&call, deadline)?;
            let reading = self.catalog.resources.read(context, uri);
            let (reading, mime_type) = reading.ok_or_else(|| ToolError::NotFound(truncate(uri)))?;
            let contents = reading.await?;
            Ok(match mime_type {
                Some(kind) => contents.into_iter().map(|contents| contents.with_mime_type(&kind)).collect(),
                None => contents,
            })
        };
        call_record::recorded(&self.shared.metrics, call.clone(), work).await
    }

    /// Makes the messages of a prompt, as a call that is recorded like that of a tool.
    ///
    /// # Errors
    /// [`ToolError`], whose text is for the client.
    pub(crate) async fn get_prompt(
        &self,
        principal: &Principal,
        name: &str,
        arguments: Map<String, Value>,
        deadline: Instant,
    ) -> Result<GetPromptResult, ToolError> {
        let call = CallContext::new(GET, principal);
        let work = async {
            let context = self.context_of(&call, deadline)?;
            match self.catalog.prompts.get(context, name, arguments) {
                Some(getting) => getting?.await,
                None => {
                    let names = list(self.catalog.prompts.names(), "or").unwrap_or_default();
                    Err(ToolError::Invalid(format!("unknown prompt: {}; use {names}", truncate(name))))
                }
            }
        };
        call_record::recorded(&self.shared.metrics, call.clone(), work).await
    }

    /// Returns the context of a call that reads, if its caller may read.
    fn context_of(&self, call: &Arc<CallContext>, deadline: Instant) -> Result<Context, ToolError> {
        if !call.principal().grant().covers(Access::Read) {
            return Err(ToolError::Forbidden { tool: call.tool() });
        }
        Ok(Context::new(self.shared.clone(), call.clone(), deadline, None))
    }

    /// Returns a context as a call of `tool` gets it, for examples of the documentation.
    pub(crate) fn context(
        &self,
        tool: &'static str,
        principal: &Principal,
        arguments: Map<String, Value>,
        deadline: Instant,
    ) -> Context {
        Context::new(self.shared.clone(), CallContext::new(tool, principal), deadline, Some(arguments))
    }

    async fn run(
        &self,
        tool: &Registered,
        call: Arc<CallContext>,
        mut arguments: Map<String, Value>,
        deadline: Instant,
    ) -> Result<Box<dyn ToolOutput>, ToolError> {
        let Registered { definition, schema, call: begin, keeps_arguments, .. } = tool;
        if !call.principal().grant().covers(definition.effect.required_access()) {
            return Err(ToolError::Forbidden { tool: definition.name });
        }
        schema.normalize(&mut arguments)?;
        let kept = keeps_arguments.then(|| arguments.clone());
        let context = Context::new(self.shared.clone(), call, deadline, kept);
        begin(context, arguments)?.await
    }
}
