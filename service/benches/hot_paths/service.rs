//! The service in this process, configured as its command line configures it, with a token and on a store in memory.

use std::{num::NonZeroUsize, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use clap::Parser;
use http::{
    Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::BodyExt;
use mcp_stateful::{
    cli::Cli,
    config::Config,
    http::{Edge, Front},
    mcp::Endpoint,
    principal::Principal,
    session::Session,
    store::{Cursor, PageRequest, Store},
    telemetry::Metrics,
    tools::{Answer, Tools},
};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

const TOKEN: &str = "bench-token-0123456789abcdef";

/// A running service.
pub(crate) struct Service {
    runtime: Runtime,
    front: Front,
    tools: Arc<Tools>,
}

/// The ways to call a tool.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Surface {
    Rest,
    Mcp2026,
}

/// What `echo_cached` is asked for over and over.
pub(crate) fn hot_text() -> Map<String, Value> {
    Map::from_iter([("text".to_owned(), json!("a text that is asked for again and again"))])
}

impl Service {
    /// Starts one that has answered the hot text before.
    pub(crate) fn start() -> Self {
        let mut flags = Cli::parse_from(["mcp-stateful", "--state-path", ":memory:"]).flags;
        flags.auth_token = Some(TOKEN.to_owned());
        let (config, _) = Config::parse(&flags).expect("the flags are the service's");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let (front, tools) = runtime.block_on(serve(config));
        let service = Self { runtime, front, tools };
        service.echo(hot_text());
        service
    }

    /// Sends a request and reads the answer, a good one, to its end.
    pub(crate) fn ask(&self, request: Request<Body>) -> Bytes {
        self.runtime.block_on(async {
            let answer = self.front.clone().answer(request).await;
            let status = answer.status();
            let body = answer.into_body().collect().await.expect("the answer comes whole").to_bytes();
            assert_eq!(status, StatusCode::OK, "{body:?}");
            body
        })
    }

    /// Calls the tool itself.
    pub(crate) fn echo(&self, arguments: Map<String, Value>) -> Box<dyn Answer> {
        let caller = Principal::shared();
        self.runtime.block_on(self.tools.call(&caller, "echo_cached", arguments)).expect("it is a text")
    }

    /// Where a session's second page begins.
    pub(crate) fn cursor_behind_a_note(&self, session: &Session) -> Cursor {
        let store = self.tools.store();
        let request = PageRequest { limit: NonZeroUsize::new(1), ..PageRequest::default() };
        let page = self.runtime.block_on(async {
            store.add_note(session, "the first page").await?;
            store.add_note(session, "the second").await?;
            store.notes(session, request).await
        });
        page.expect("the store is in memory").next.expect("a note is left")
    }
}

impl Surface {
    /// A request for the hot text.
    pub(crate) fn hot_echo(self) -> Request<Body> {
        let mut params = json!({"name": "echo_cached", "arguments": hot_text()});
        let request = match self {
            Self::Rest => Request::post("/mcp/call_tool"),
            Self::Mcp2026 => Request::post("/mcp")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", "echo_cached"),
        };
        let body = match self {
            Self::Rest => params,
            Self::Mcp2026 => {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
            }
        };
        request
            .header(HOST, "localhost")
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(body.to_string().into())
            .expect("the parts are valid")
    }
}

async fn serve(config: Config) -> (Front, Arc<Tools>) {
    let metrics = Arc::new(Metrics::new(&config.revision));
    let store = Store::open(&config.state, metrics.clone()).await.expect("a store in memory opens");
    let tools = Arc::new(Tools::new(store, &config.limits, metrics.clone()));
    let edge = Edge {
        access: Arc::new(config.access),
        oauth: None,
        limits: Arc::new(config.limits),
        metrics,
        revision: config.revision,
    };
    let endpoint = Endpoint::of_tools(tools.clone(), &edge.limits);
    (Front::new(&edge, tools.clone(), endpoint), tools)
}
