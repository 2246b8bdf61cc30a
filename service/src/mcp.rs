//! The MCP API: protocol versions 2026-07-28 and 2025-03-26 to 2025-11-25, over Streamable HTTP at `/mcp` and
//! over stdio.
//!
//! There are no protocol sessions. Every request is independent, so any replica can serve it and no state is
//! lost with a replica. Persistent state belongs to the tools' own `session_id`.

mod fast_path;
mod handler;
mod over_limit;
mod response_format;
mod stdio;
mod transport_errors;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode},
    response::Response,
};
pub use handler::Handler;
pub use over_limit::over_limit;
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
pub use stdio::serve_stdio;

use crate::{
    config::Limits,
    http::{self, AuthenticatedRequest},
    tools::Tools,
};
use response_format::ResponseFormat;

/// The endpoint at `/mcp`: rmcp's Streamable HTTP transport, with the fast path in front of it.
#[derive(Clone)]
pub struct Endpoint<H> {
    transport: StreamableHttpService<H, NeverSessionManager>,
    /// The tools that the fast path calls; `None` turns it off.
    fast_path: Option<Arc<Tools>>,
}

impl Endpoint<Handler> {
    /// Creates the endpoint for this service's tools. With `fast_path` false, rmcp serves every request.
    pub fn for_tools(tools: Arc<Tools>, limits: &Limits, fast_path: bool) -> Self {
        Self { fast_path: fast_path.then(|| tools.clone()), ..Self::new(Handler::new(tools), limits) }
    }
}

impl<H: ServerHandler + Clone> Endpoint<H> {
    /// Creates the endpoint for any handler, without the fast path.
    ///
    /// rmcp's checks of Host and Origin are off, because [`crate::app`] makes them for both APIs.
    pub fn new(handler: H, limits: &Limits) -> Self {
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(limits.body_bytes);
        let sessions = Arc::new(NeverSessionManager::default());
        Self { transport: StreamableHttpService::new(move || Ok(handler.clone()), sessions, config), fast_path: None }
    }

    /// Responds to an admitted request.
    pub async fn respond(&self, request: Box<AuthenticatedRequest>) -> Response {
        let headers = &request.head.headers;
        if request.head.method != Method::POST {
            // rmcp rejects every other method, whatever it accepts.
            return Box::pin(self.respond_with_rmcp(*request)).await;
        }
        if http::has_content_coding(headers) {
            let text = http::UNSUPPORTED_CONTENT_CODING;
            return http::with_accepted_coding(transport_errors::rejection(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
        match ResponseFormat::negotiate(headers) {
            Some(ResponseFormat::Json) => self.respond_with_json(request).await,
            Some(format) => format.apply(Box::pin(self.respond_with_json(request)).await).await,
            None => {
                let text = "not acceptable: accept application/json or text/event-stream";
                transport_errors::rejection(StatusCode::NOT_ACCEPTABLE, text)
            }
        }
    }

    async fn respond_with_json(&self, request: Box<AuthenticatedRequest>) -> Response {
        if let Some(tools) = &self.fast_path
            && let Some(call) = fast_path::parse(&request.head.method, &request.head.headers, &request.body)
        {
            return call.run(tools, &request.principal).await;
        }
        // Boxed because it is large: a call on the fast path must not carry it along.
        Box::pin(self.respond_with_rmcp(*request)).await
    }

    async fn respond_with_rmcp(&self, request: AuthenticatedRequest) -> Response {
        let AuthenticatedRequest { principal, mut head, body, .. } = request;
        let declared_json = transport_errors::is_json(&head.headers);
        response_format::accept_both(&mut head.headers);
        head.extensions.insert(principal);
        let request = Request::from_parts(head, Body::from(body.clone()));
        let response = self.transport.handle(request).await.map(Body::new);
        transport_errors::as_json_rpc(response, declared_json, &body).await
    }
}

impl<H> std::fmt::Debug for Endpoint<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("fast_path", &self.fast_path.is_some()).finish_non_exhaustive()
    }
}
