//! Which path goes where.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{Method, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use rmcp::ServerHandler;

use super::{
    answers,
    guard::{Guard, Guarded},
    health, metadata,
};
use crate::{
    config::{AccessConfig, Limits, METADATA_PATH},
    mcp,
    oauth::OAuth,
    rest,
    telemetry::Metrics,
    tools::Tools,
};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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

/// Every route of the service. Those of the surfaces are reached through the guard alone.
pub(super) fn router<H: ServerHandler + Clone>(edge: &Edge, tools: Arc<Tools>, mcp: mcp::Endpoint<H>) -> Router {
    let health = health::Health::new(tools.store().clone(), &edge.revision);
    let guard = Arc::new(Guard::new(edge));
    let list_tools = Guarded::new(&guard, &tools, |tools, _| async move { rest::list_tools(&tools) });
    let call_tool =
        Guarded::new(&guard, &tools, |tools, request| async move { rest::call_tool(&tools, &request).await });
    let mcp = Guarded::new(&guard, &Arc::new(mcp), |mcp, request| async move { mcp.answer(request).await });
    Router::new()
        .route(health::ALIVE, get(health::alive))
        .route(health::READY, get(health::ready))
        .route(health::ORIGINAL, get(health::original))
        .with_state(health)
        .route(METADATA_PATH, get(metadata::document))
        .route(&format!("{METADATA_PATH}/{{*resource}}"), get(metadata::document))
        .with_state(edge.access.oauth.clone())
        .route("/mcp/list_tools", get(list_tools))
        .route("/mcp/call_tool", post(call_tool))
        .route("/mcp", any(mcp))
        .method_not_allowed_fallback(async || answers::not_found())
        .fallback(async || answers::not_found())
}

/// Answers on the metrics' own port: at `/metrics`, nowhere else.
pub fn metrics(metrics: &Metrics, request: &Request) -> Response {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => ([(CONTENT_TYPE, OPENMETRICS)], metrics.render()).into_response(),
        _ => answers::not_found(),
    }
}
