//! The MCP surface: revisions 2026-07-28 and 2025-03-26 to 2025-11-25, over Streamable HTTP at `/mcp` and over stdio.
//!
//! There are no protocol sessions: every request stands alone, so any replica can serve it and none is lost with a replica.
//! What persists is named by the tools' own `session_id`.

mod direct;
mod explain;
mod handler;
mod stdio;

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
pub use handler::Handler;
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
pub use stdio::serve_stdio;

use crate::{config::Limits, http::Admitted, tools::Tools};

/// What answers at `/mcp`: the Streamable HTTP transport for a handler, and the tools themselves where they can.
#[derive(Clone)]
pub struct Endpoint<H> {
    transport: StreamableHttpService<H, NeverSessionManager>,
    tools: Option<Arc<Tools>>,
}

impl Endpoint<Handler> {
    /// For the tools of this service.
    pub fn of_tools(tools: Arc<Tools>, limits: &Limits) -> Self {
        Self { tools: Some(tools.clone()), ..Self::new(Handler::new(tools), limits) }
    }
}

impl<H: ServerHandler + Clone> Endpoint<H> {
    /// For any handler, with the transport alone. Host, Origin and body are checked before, for both surfaces alike, so the
    /// transport's own checks are off.
    pub fn new(handler: H, limits: &Limits) -> Self {
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(limits.body_bytes);
        let sessions = Arc::new(NeverSessionManager::default());
        Self { transport: StreamableHttpService::new(move || Ok(handler.clone()), sessions, config), tools: None }
    }

    /// Answers a request that was let in.
    pub async fn answer(&self, request: Box<Admitted>) -> Response {
        if let Some(tools) = &self.tools
            && let Some(call) = direct::read(&request.head.method, &request.head.headers, &request.body)
        {
            return call.answer(tools, &request.principal).await;
        }
        // Large, and in a box, so that a call that was answered without it need not carry it along.
        Box::pin(self.over_transport(*request)).await
    }

    async fn over_transport(&self, Admitted { principal, mut head, body }: Admitted) -> Response {
        let declared_json = explain::is_json(&head.headers);
        head.extensions.insert(principal);
        let request = Request::from_parts(head, Body::from(body.clone()));
        let answer = self.transport.handle(request).await.map(Body::new);
        explain::explain(answer, declared_json, &body).await
    }
}

impl<H> std::fmt::Debug for Endpoint<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("tools", &self.tools).finish_non_exhaustive()
    }
}
