//! Our tools as rmcp wants them. Everything that does not depend on the request is made once.

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult,
        DiscoverResult, Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
};
use serde_json::Value;

use crate::{
    principal::Principal,
    tools::{Answer, Definition, Effect, ToolError, Tools, shortened},
};

/// How long a client may keep the list of tools: it changes with a new build only.
const LIST_TTL: Duration = Duration::from_secs(3600);

/// The revisions that are served, oldest first. 2024-11-05 is left out: it had another HTTP transport.
pub(super) const REVISIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// The methods that are served beside tools/call, up to 2025-11-25 and from 2026-07-28 on, which removed two.
const SERVED_LEGACY: &[&str] = &["initialize", "ping", "tools/list"];
const SERVED_MODERN: &[&str] = &["server/discover", "tools/list"];

const INSTRUCTIONS: &str = "Durable memory for multi-turn work. Call create_session for a session_id, or choose a name, and use it \
    throughout: add_note appends to the session, get_notes reads it back oldest first, reset_session deletes its notes. \
    Notes survive restarts. Give every add_note and reset_session a new UUID as idempotency_key, and repeat a call whose \
    answer you did not get with the same one. echo_cached shows the result cache.";

/// Serves the tools to MCP clients. Keeps nothing of its own, so a clone for each request is one.
#[derive(Debug, Clone)]
pub struct Handler {
    tools: Arc<Tools>,
    announced: Arc<[Tool]>,
}

impl Handler {
    /// A handler for `tools`.
    pub fn new(tools: Arc<Tools>) -> Self {
        let announced = tools.definitions().iter().map(tool).collect();
        Self { tools, announced }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let implementation =
            Implementation::new("mcp-stateful", env!("CARGO_PKG_VERSION")).with_title("Stateful MCP server");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(implementation)
            .with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(REVISIONS)
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        Ok(DiscoverResult::from_server_info(REVISIONS.to_vec(), self.get_info())
            .with_ttl_ms(ttl_ms())
            .with_cache_scope(CacheScope::Public))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let result = ListToolsResult::with_all_items(self.announced.to_vec());
        Ok(result.with_ttl_ms(ttl_ms()).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.announced.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let principal = principal(&context)?;
        // rmcp lets a handler go on when its client is gone or its time is up; nobody would bound that work.
        let called = tokio::select! {
            called = self.tools.call(&principal, &request.name, request.arguments.unwrap_or_default()) => called,
            () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
        };
        outcome(called).map(Into::into)
    }

    /// Where requests end that rmcp could not read as one it knows.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let modern = context.protocol_version().is_some_and(|version| !version.has_initialize());
        let served = if modern { SERVED_MODERN } else { SERVED_LEGACY };
        if request.method == "tools/call" {
            let text = "params of tools/call have to be {\"name\": \"<tool>\", \"arguments\": {…}}";
            return Err(ErrorData::invalid_params(text, None));
        }
        if served.contains(&request.method.as_str()) {
            let text = format!("params of {} are not as the specification has them", request.method);
            return Err(ErrorData::invalid_params(text, None));
        }
        let method = shortened(&request.method);
        let text = format!("method not found: {method}; this server has tools/list and tools/call");
        Err(ErrorData::new(rmcp::model::ErrorCode::METHOD_NOT_FOUND, text, None))
    }
}

/// Who calls: over HTTP the one whom the edge has let in, over stdio the one who started us.
fn principal(context: &RequestContext<RoleServer>) -> Result<Principal, ErrorData> {
    let Some(http) = context.extensions.get::<Parts>() else { return Ok(Principal::shared()) };
    let known = http.extensions.get::<Principal>().cloned();
    // A request that came around the edge is a defect of the router, and nobody's.
    known.ok_or_else(|| ErrorData::internal_error(ToolError::Internal.to_string(), None))
}

fn ttl_ms() -> u64 {
    LIST_TTL.as_secs() * 1000
}

/// A tool's outcome as MCP tells it.
pub(super) fn outcome(called: Result<Box<dyn Answer>, ToolError>) -> Result<CallToolResult, ErrorData> {
    match called {
        Ok(answer) => Ok(result(answer)),
        Err(error @ ToolError::Unknown(_)) => Err(ErrorData::invalid_params(error.to_string(), None)),
        Err(error @ ToolError::Internal) => Err(ErrorData::internal_error(error.to_string(), None)),
        // What the model can mend, or wait for, it has to read: an error of the tool, not of the protocol.
        Err(error) => Ok(CallToolResult::error(vec![ContentBlock::text(error.to_string())])),
    }
}

fn result(answer: Box<dyn Answer>) -> CallToolResult {
    let mut result = CallToolResult::success(answer.texts().into_iter().map(ContentBlock::text).collect());
    result.structured_content = Some(answer.structured());
    result
}

fn tool(definition: &Definition) -> Tool {
    let annotations = ToolAnnotations::with_title(definition.title)
        .read_only(definition.effect == Effect::Reads)
        .destructive(definition.effect == Effect::Deletes)
        .idempotent(definition.effect != Effect::Adds)
        .open_world(false);
    Tool::new(definition.name, definition.description.clone(), object(&definition.input))
        .with_title(definition.title)
        .with_raw_output_schema(Arc::new(object(&definition.output)))
        .annotate(annotations)
}

fn object(schema: &Value) -> JsonObject {
    // A test of the definitions holds that every schema is an object.
    schema.as_object().cloned().unwrap_or_default()
}
