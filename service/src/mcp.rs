//! The MCP API: protocol versions 2026-07-28 and 2024-11-05 to 2025-11-25, over Streamable HTTP at `/mcp` and
//! over stdio.
//!
//! There are no protocol sessions. Every request is independent, so any replica can serve it and no state is
//! lost with a replica. Persistent state belongs to the tools' own `session_id`.

mod batch;
mod envelope;
mod fast_path;
mod handler;
mod over_limit;
mod refusal;
mod response_format;
mod stdio;
mod transport_errors;
mod versions;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use batch::Batch;
use bytes::Bytes;
use envelope::Kind;
pub use handler::Handler;
pub use over_limit::over_limit;
use refusal::{INVALID_REQUEST, Refusal};
use response_format::ResponseFormat;
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::Value;
pub use stdio::serve_stdio;
use tokio::time::Instant;
use versions::{leave_version_to_handshake, names_modern_version};

use crate::{
    config::Limits,
    http::{self, AuthenticatedRequest},
    json,
    principal::Principal,
    tools::Tools,
};

/// The caller of a request that rmcp serves, and the time at which the request began.
#[derive(Debug, Clone)]
struct Caller {
    principal: Principal,
    started: Instant,
}

/// The endpoint at `/mcp`: rmcp's Streamable HTTP transport, with the fast path in front of it.
#[derive(Clone)]
pub struct Endpoint<H> {
    transport: StreamableHttpService<H, NeverSessionManager>,
    /// The tools that the fast path calls; `None` turns it off.
    fast_path: Option<Arc<Tools>>,
    /// The sentence about the handler's methods, for errors.
    offers: Arc<str>,
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
        let offers = transport_errors::offers(&handler.get_info().capabilities).into();
        let transport = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        Self { transport, fast_path: None, offers }
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
            return http::with_accepted_coding(rejection(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
        match ResponseFormat::negotiate(headers) {
            Some(ResponseFormat::Json) => self.respond_with_json(request).await,
            Some(format) => format.apply(Box::pin(self.respond_with_json(request)).await).await,
            None => {
                let text = "not acceptable: accept application/json or text/event-stream";
                rejection(StatusCode::NOT_ACCEPTABLE, text)
            }
        }
    }

    async fn respond_with_json(&self, request: Box<AuthenticatedRequest>) -> Response {
        if let Some(tools) = &self.fast_path
            && let Some(call) =
                fast_path::parse(|name| tools.knows(name), &request.head.method, &request.head.headers, &request.body)
        {
            return call.run(tools, &request.principal, request.started).await;
        }
        // Boxed because it is large: a call on the fast path must not carry it along.
        Box::pin(self.respond_with_rmcp(*request)).await
    }

    /// Responds to a request that the fast path leaves. The checks of the message come first, because rmcp's errors
    /// do not name its faults.
    async fn respond_with_rmcp(&self, request: AuthenticatedRequest) -> Response {
        let AuthenticatedRequest { principal, started, head, body, .. } = request;
        let caller = Caller { principal, started };
        if head.method != Method::POST || !transport_errors::is_json(&head.headers) {
            return self.pass_to_rmcp(&caller, head, body, Value::Null).await;
        }
        match json::read(&body) {
            Ok(Value::Array(messages)) => match batch::check(&head.headers, &messages) {
                Ok(()) => self.respond_to_batch(&caller, &head, messages).await,
                Err(refusal) => refusal.into_response(),
            },
            Ok(message) => self.respond_to_message(&caller, head, body, message).await,
            Err(fault) => Refusal::from(fault).for_version(names_modern_version(&head.headers)).into_response(),
        }
    }

    async fn respond_to_batch(&self, caller: &Caller, head: &Parts, messages: Vec<Value>) -> Response {
        let mut batch = Batch::new(messages);
        while let Some(message) = batch.next_request() {
            let body = Bytes::from(message.to_string());
            batch.add(self.respond_to_message(caller, head.clone(), body, message).await).await;
        }
        batch.into_response()
    }

    /// Responds to one message, which `body` contains.
    async fn respond_to_message(
        &self,
        caller: &Caller,
        mut head: Parts,
        mut body: Bytes,
        mut message: Value,
    ) -> Response {
        let envelope = match envelope::check(&mut message) {
            Ok(envelope) => envelope,
            Err(refusal) => return refusal.into_response(),
        };
        if envelope.changed {
            body = message.to_string().into();
        }
        if envelope.method == "initialize"
            && let Err(problem) = leave_version_to_handshake(&mut head.headers, &message)
        {
            return Refusal::invalid_request(envelope.id, problem).into_response();
        }
        if let Some(tools) = &self.fast_path
            && let Some(call) = fast_path::parse(|name| tools.knows(name), &head.method, &head.headers, &body)
        {
            return call.run(tools, &caller.principal, caller.started).await;
        }
        let response = self.pass_to_rmcp(caller, head, body, envelope.id).await;
        match envelope.kind {
            Kind::Request if !HANDLED_METHODS.contains(&envelope.method.as_str()) => {
                transport_errors::explain_unknown_method_in(response, &self.offers).await
            }
            _ => response,
        }
    }

    async fn pass_to_rmcp(&self, caller: &Caller, mut head: Parts, body: Bytes, id: Value) -> Response {
        let declared_json = transport_errors::is_json(&head.headers);
        response_format::accept_both(&mut head.headers);
        head.extensions.insert(caller.clone());
        let request = Request::from_parts(head, Body::from(body));
        let response = self.transport.handle(request).await.map(Body::new);
        transport_errors::as_json_rpc(response, declared_json, id).await
    }
}

/// The methods whose responses rmcp or the handler explains itself.
const HANDLED_METHODS: &[&str] = &[
    "initialize",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
    "tools/call",
    "tools/list",
];

/// Rejects a request whose body was not read.
fn rejection(status: StatusCode, text: &str) -> Response {
    Refusal::protocol(status, Value::Null, INVALID_REQUEST, text.to_owned()).into_response()
}

impl<H> std::fmt::Debug for Endpoint<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("fast_path", &self.fast_path.is_some()).finish_non_exhaustive()
    }
}
