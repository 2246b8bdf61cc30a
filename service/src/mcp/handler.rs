//! Implements rmcp's `ServerHandler` for the tools. Everything that does not depend on a request is computed once.

mod reply;

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest, CustomResult,
        DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation, JsonObject,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        PromptsCapability, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
        ResourcesCapability, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio::time::Instant;

use reply::{check_cursor, malformed, read_error, unless_cancelled};

use super::{
    Caller, envelope,
    transport_errors::{offers, unknown_method},
    versions::PROTOCOL_VERSIONS,
};
use crate::{
    principal::Principal,
    tools::{
        Definition, Effect, ToolError, ToolOutput, Tools,
        catalog::{Catalog, Identity},
    },
};

/// The time for which a client may cache the list of tools, which changes only with a new build.
const LIST_TTL: Duration = Duration::from_secs(3600);

/// The methods of every server up to 2025-11-25.
const LEGACY_METHODS: &[&str] = &["initialize", "ping", "tools/call", "tools/list"];
/// The methods of every server from 2026-07-28.
const MODERN_METHODS: &[&str] = &["server/discover", "tools/call", "tools/list"];
/// The methods of a server with resources.
const RESOURCE_METHODS: &[&str] = &["resources/list", "resources/read", "resources/templates/list"];
/// The methods of a server with prompts.
const PROMPT_METHODS: &[&str] = &["prompts/get", "prompts/list"];

/// Serves the tools to MCP clients. Has no state of its own, so rmcp may clone it for each request.
#[derive(Debug, Clone)]
pub struct Handler {
    tools: Arc<Tools>,
    listed: Arc<[Tool]>,
    info: Arc<ServerConfig>,
}

impl Handler {
    /// Creates the handler for `tools`.
    pub fn new(tools: Arc<Tools>) -> Self {
        let listed = tools.registry().definitions().map(tool).collect();
        let info = Arc::new(info(tools.catalog()));
        Self { tools, listed, info }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::clone(&self.info)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(PROTOCOL_VERSIONS)
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        Ok(DiscoverResult::from_server_info(PROTOCOL_VERSIONS.to_vec(), self.get_info())
            .with_ttl_ms(ttl_ms())
            .with_cache_scope(CacheScope::Public))
    }

    async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        check_cursor("tools/list", params)?;
        let result = ListToolsResult::with_all_items(self.listed.to_vec());
        Ok(result.with_ttl_ms(ttl_ms()).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.listed.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Caller { principal, started } = caller(&context)?;
        let arguments = request.arguments.unwrap_or_default();
        let call = self.tools.call(&principal, &request.name, arguments, self.tools.deadline(started));
        call_result(unless_cancelled(&context, call).await?).map(Into::into)
    }

    async fn list_resources(
        &self,
        params: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.require("resources/list")?;
        check_cursor("resources/list", params)?;
        let result = ListResourcesResult::with_all_items(self.tools.catalog().resources.list());
        Ok(result.with_ttl_ms(ttl_ms()).with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        params: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.require("resources/templates/list")?;
        check_cursor("resources/templates/list", params)?;
        let result = ListResourceTemplatesResult::with_all_items(self.tools.catalog().resources.templates());
        Ok(result.with_ttl_ms(ttl_ms()).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.require("resources/read")?;
        let Caller { principal, started } = caller(&context)?;
        let reading = self.tools.read_resource(&principal, &request.uri, self.tools.deadline(started));
        let contents = unless_cancelled(&context, reading).await?.map_err(read_error)?;
        // Contents may depend on the caller and change at any time.
        let result = ReadResourceResult::new(contents).with_ttl_ms(0).with_cache_scope(CacheScope::Private);
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        params: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.require("prompts/list")?;
        check_cursor("prompts/list", params)?;
        let result = ListPromptsResult::with_all_items(self.tools.catalog().prompts.list());
        Ok(result.with_ttl_ms(ttl_ms()).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.require("prompts/get")?;
        let Caller { principal, started } = caller(&context)?;
        let arguments = request.arguments.unwrap_or_default();
        let getting = self.tools.get_prompt(&principal, &request.name, arguments, self.tools.deadline(started));
        Ok(unless_cancelled(&context, getting).await?.map_err(read_error)?.into())
    }

    /// Rejects a request that rmcp could not parse as one of its methods.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let modern = context.protocol_version().is_some_and(|version| !version.has_initialize());
        let methods = if modern { MODERN_METHODS } else { LEGACY_METHODS };
        let method = request.method.as_str();
        if self.require(method).is_ok() && !methods.contains(&method) {
            let problem = envelope::optional_method_problem(method, request.params.as_ref());
            return Err(malformed(method, problem));
        }
        // The check in front of rmcp names the wrong field of all parameters that MCP's clients send.
        if methods.contains(&method) {
            return Err(malformed(method, None));
        }
        Err(self.unknown(method))
    }
}

impl Handler {
    /// Checks that this server has a method of resources or prompts.
    fn require(&self, method: &str) -> Result<(), ErrorData> {
        let catalog = self.tools.catalog();
        let offered = RESOURCE_METHODS.contains(&method) && !catalog.resources.is_empty()
            || PROMPT_METHODS.contains(&method) && !catalog.prompts.is_empty();
        if offered { Ok(()) } else { Err(self.unknown(method)) }
    }

    fn unknown(&self, method: &str) -> ErrorData {
        let text = unknown_method(method, &offers(&self.info.capabilities));
        ErrorData::new(ErrorCode::METHOD_NOT_FOUND, text, None)
    }
}

fn info(catalog: &Catalog) -> ServerConfig {
    let Identity { name, version, title, description } = &catalog.identity;
    let mut implementation = Implementation::new(name, version);
    (implementation.title, implementation.description) = (title.clone(), description.clone());
    let mut capabilities = ServerCapabilities::builder().enable_tools().build();
    capabilities.resources = (!catalog.resources.is_empty()).then(ResourcesCapability::default);
    capabilities.prompts = (!catalog.prompts.is_empty()).then(PromptsCapability::default);
    let mut info = ServerConfig::new(capabilities);
    info.instructions = catalog.instructions();
    info.with_server_info(implementation)
}

/// Returns the caller: over HTTP the authenticated principal, over stdio the shared one.
fn caller(context: &RequestContext<RoleServer>) -> Result<Caller, ErrorData> {
    let Some(http) = context.extensions.get::<Parts>() else {
        return Ok(Caller { principal: Principal::shared(), started: Instant::now() });
    };
    let authenticated = http.extensions.get::<Caller>().cloned();
    // A request without a principal bypassed admission, which is a defect of this server.
    authenticated.ok_or_else(|| ErrorData::internal_error(ToolError::Internal.to_string(), None))
}

fn ttl_ms() -> u64 {
    LIST_TTL.as_secs() * 1000
}

/// Converts a tool's result to MCP.
pub(super) fn call_result(result: Result<Box<dyn ToolOutput>, ToolError>) -> Result<CallToolResult, ErrorData> {
    match result {
        Ok(output) => Ok(success(output)),
        Err(error @ ToolError::Unknown { .. }) => Err(ErrorData::invalid_params(error.to_string(), None)),
        Err(error @ ToolError::Internal) => Err(ErrorData::internal_error(error.to_string(), None)),
        // A model can correct these or wait, so it has to see them: clients show it errors of a tool, not of
        // the protocol.
        Err(error) => Ok(CallToolResult::error(vec![ContentBlock::text(error.to_string())])),
    }
}

fn success(output: Box<dyn ToolOutput>) -> CallToolResult {
    let mut result = CallToolResult::success(output.texts().into_iter().map(ContentBlock::text).collect());
    result.structured_content = Some(output.structured());
    result
}

fn tool(definition: &Definition) -> Tool {
    let title = definition.title.clone();
    let annotations = ToolAnnotations::with_title(title.clone())
        .read_only(definition.effect == Effect::Reads)
        .destructive(definition.effect.is_destructive())
        .idempotent(definition.idempotent)
        .open_world(definition.open_world);
    Tool::new(definition.name, definition.description.clone(), object(&definition.input))
        .with_title(title)
        .with_raw_output_schema(Arc::new(object(&definition.output)))
        .annotate(annotations)
}

fn object(schema: &Value) -> JsonObject {
    // Every schema is an object: `definitions_are_callable_with_object_schemas` checks it.
    schema.as_object().cloned().unwrap_or_default()
}
