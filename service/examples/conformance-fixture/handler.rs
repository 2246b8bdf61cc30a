//! Dispatches requests to the fixtures. The fixtures of each kind have their own module.
//!
//! Tools that send the client a request during their call (`test_sampling`, `test_elicitation` and its
//! variants for 2025-11-25) are missing, because they need a protocol session, which the service does not
//! have.

use std::{borrow::Cow, sync::Arc};

#[expect(deprecated, reason = "the suite for 2025-11-25 sets a level; only later revisions have dropped it")]
use rmcp::model::SetLevelRequestParams;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CustomRequest,
        CustomResult, GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, SubscribeRequestParams,
        SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};

use crate::{input_required, notices, prompts, resources, rounds::Rounds, subscribers::Subscribers, tools};

/// The time for which a client may cache a list, in milliseconds.
const TTL_MS: u64 = 60_000;

/// The fixtures. rmcp clones the handler for each request, as it does the service's.
#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    /// Provides the protocol versions and rejects unknown methods.
    service: mcp_stateful::mcp::Handler,
    rounds: Arc<Rounds>,
    subscribers: Arc<Subscribers>,
}

impl Fixture {
    pub(crate) fn new(service: mcp_stateful::mcp::Handler) -> Self {
        Self { service, rounds: Arc::default(), subscribers: Arc::default() }
    }
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        #[expect(deprecated, reason = "the suite for 2025-11-25 asks for log messages")]
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions()
            .enable_logging()
            .build();
        let implementation = Implementation::new("conformance-fixture", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(implementation)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.service.supported_protocol_versions()
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let result = ListToolsResult::with_all_items(tools::all().to_vec());
        Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match request.name.as_ref() {
            "test_tool_with_logging" => notices::log_three(&context).await,
            "test_logging_tool" => notices::log_if_asked(&context).await,
            "test_tool_with_progress" => notices::report_progress(&context).await,
            "test_trigger_tool_change" => Ok(self.subscribers.notify_tools_changed().await.into()),
            "test_trigger_prompt_change" => Ok(self.subscribers.notify_prompts_changed().await.into()),
            "test_missing_capability" => input_required::demand_sampling(&context),
            name if input_required::has_tool(name) && self.get_tool(name).is_some() => {
                input_required::call(&self.rounds, &request, &context)
            }
            _ => tools::call(&request),
        }
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let result = ListPromptsResult::with_all_items(prompts::all());
        Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request)
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        prompts::complete()
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let result = ListResourcesResult::with_all_items(resources::all());
        Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let result = ListResourceTemplatesResult::with_all_items(resources::templates());
        Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let result = resources::read(&request.uri)?;
        Ok(result.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Public).into())
    }

    /// Accepted without effect, like the two methods below: there is no session to store it in.
    #[expect(deprecated, reason = "the suite for 2025-11-25 sets a level")]
    async fn set_level(&self, _: SetLevelRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    /// Accepts everything. rmcp removes what [`Self::get_info`] does not announce.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        self.subscribers.keep(&subscription).await;
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        self.service.on_custom_request(request, context).await
    }
}
