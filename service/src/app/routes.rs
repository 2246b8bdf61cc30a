//! The routes and their handlers. The handlers of the APIs go through admission, the others need no token.

use std::{future, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{any, get, post},
};
use rmcp::ServerHandler;

use crate::{
    config::{Config, METADATA_PATH},
    http::{self, Admission, health, resource_metadata},
    mcp,
    oauth::OAuth,
    rest,
    tools::Tools,
};

/// The state of the API routes.
pub(super) struct Api<H> {
    pub(super) admission: Admission,
    pub(super) oauth: Option<Arc<OAuth>>,
    pub(super) tools: Arc<Tools>,
    pub(super) mcp: mcp::Endpoint<H>,
}

/// Returns every route of the service.
pub(super) fn routes<H: ServerHandler + Clone>(api: Api<H>, config: &Config) -> Router {
    let health = health::Health::new(api.tools.store().clone(), &config.revision);
    let oauth = api.oauth.clone();
    Router::new()
        .route("/mcp", any(serve_mcp::<H>))
        // Clients and proxies add a slash to a configured address.
        .route("/mcp/", any(serve_mcp::<H>))
        .route("/mcp/list_tools", get(list_tools::<H>))
        .route("/mcp/call_tool", post(call_tool::<H>))
        .with_state(Arc::new(api))
        .route(health::LIVENESS, get(health::liveness))
        .route(health::READINESS, get(health::readiness))
        .route(health::V1, get(health::v1))
        .with_state(health)
        .route(METADATA_PATH, get(resource_metadata::document))
        .route(&format!("{METADATA_PATH}/"), get(resource_metadata::document))
        .route(&format!("{METADATA_PATH}/{{*resource}}"), get(resource_metadata::document))
        .route(resource_metadata::SERVER_METADATA_PATH, get(resource_metadata::server_metadata))
        .with_state(oauth)
        .method_not_allowed_fallback(async || http::not_found())
        .fallback(async || http::not_found())
}

async fn serve_mcp<H: ServerHandler + Clone>(State(api): State<Arc<Api<H>>>, request: Request) -> Response {
    api.admission.admit(request, mcp::over_limit, |request| api.mcp.respond(request)).await
}

async fn list_tools<H: ServerHandler + Clone>(State(api): State<Arc<Api<H>>>, request: Request) -> Response {
    api.admission.admit(request, rest::over_limit, |_| future::ready(rest::list_tools(&api.tools))).await
}

async fn call_tool<H: ServerHandler + Clone>(State(api): State<Arc<Api<H>>>, request: Request) -> Response {
    api.admission.admit(request, rest::over_limit, |request| rest::call_tool(&api.tools, request)).await
}
