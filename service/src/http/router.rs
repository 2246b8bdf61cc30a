//! Which path goes where, and through which layers. Read a guarded route's layers from the bottom up: the last is the first
//! that a request meets.

use std::sync::Arc;

use axum::{
    Router,
    http::header::CONTENT_TYPE,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};
use rmcp::ServerHandler;

use super::{
    answers, count,
    guard::{Guard, guard},
    health, metadata, origin,
};
use crate::{
    config::{AccessConfig, Limits, METADATA_PATH},
    mcp,
    oauth::OAuth,
    rest,
    telemetry::Metrics,
    tools::Tools,
};

/// What the edge is told.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Who may call.
    pub access: Arc<AccessConfig>,
    /// Who tells access tokens, if `access` has OAuth.
    pub oauth: Option<Arc<OAuth>>,
    /// How much and how long.
    pub limits: Arc<Limits>,
    /// Where it counts.
    pub metrics: Arc<Metrics>,
    /// What `/healthz` reports.
    pub revision: String,
}

/// Every route of the service: `mcp` at `/mcp`, `tools` on the REST routes beside it.
pub fn router<H: ServerHandler + Clone>(edge: &Edge, tools: Arc<Tools>, mcp: mcp::Endpoint<H>) -> Router {
    let health = health::Health::new(tools.store().clone(), &edge.revision);
    let open = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/mcp/health", get(health::original))
        .with_state(health);
    let oauth = &edge.access.oauth;
    let described = Router::new()
        .route(METADATA_PATH, get(metadata::document))
        .route(&format!("{METADATA_PATH}/{{*resource}}"), get(metadata::document))
        .with_state(oauth.clone());
    let guarded = Router::new()
        .route("/mcp/list_tools", get(rest::list_tools))
        .route("/mcp/call_tool", post(rest::call_tool))
        .with_state(tools)
        .route("/mcp", any(mcp::answer).with_state(mcp))
        .route_layer(from_fn_with_state(Arc::new(Guard::new(edge)), guard))
        .merge(described)
        .method_not_allowed_fallback(answers::not_found)
        // Around the fallback, too: a browser's preflight is an OPTIONS, which no route takes.
        .layer(from_fn_with_state(Arc::new(origin::Origins::new(edge.access.clone())), origin::check));
    open.method_not_allowed_fallback(answers::not_found)
        .merge(guarded)
        .fallback(answers::not_found)
        .layer(from_fn_with_state(edge.metrics.clone(), count::count))
}

/// The one route of the metrics' own port.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let render = move || async move { ([(CONTENT_TYPE, openmetrics)], metrics.render()) };
    Router::new().route("/metrics", get(render)).fallback(answers::not_found)
}
