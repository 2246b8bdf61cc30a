//! Which path goes where, and through which layers. Read a guarded route's layers from the bottom up: the last is the first
//! that a request meets.

use std::sync::Arc;

use axum::{
    Router,
    http::header::CONTENT_TYPE,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use rmcp::ServerHandler;
use tower_http::catch_panic::CatchPanicLayer;

use super::{answers, auth, body, challenge::Challenge, count, gate, health, metadata, origin, scope};
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

/// Every route of the service: `handler` at `/mcp`, `tools` on the REST routes beside it.
pub fn router<H: ServerHandler + Clone>(edge: &Edge, tools: Arc<Tools>, handler: H) -> Router {
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
        .merge(Router::new().route_service("/mcp", mcp::service(handler, &edge.limits)).layer(from_fn(mcp::explain)))
        .route_layer(from_fn_with_state(Challenge::new(oauth.as_ref()), scope::enforce))
        .route_layer(from_fn_with_state(gate::Gate::new(&edge.limits), gate::admit))
        .route_layer(from_fn_with_state(edge.limits.clone(), body::read_body))
        .route_layer(from_fn_with_state(auth::Callers::new(&edge.access, edge.oauth.clone()), auth::identify))
        .merge(described)
        .method_not_allowed_fallback(answers::not_found)
        // Around the fallback, too: a browser's preflight is an OPTIONS, which no route takes.
        .layer(origin::cors(&edge.access))
        .layer(from_fn_with_state(edge.access.clone(), origin::check));
    open.method_not_allowed_fallback(answers::not_found)
        .merge(guarded)
        .fallback(answers::not_found)
        .layer(CatchPanicLayer::custom(answers::panicked))
        .layer(from_fn_with_state(edge.metrics.clone(), count::count))
}

/// The one route of the metrics' own port.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let render = move || async move { ([(CONTENT_TYPE, openmetrics)], metrics.render()) };
    Router::new().route("/metrics", get(render)).fallback(answers::not_found)
}
