//! The service in this process, configured through its command line, with a token and an in-memory store.

use std::num::NonZeroUsize;

use axum::body::Body;
use bytes::Bytes;
use clap::Parser;
use http::{
    Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::BodyExt;
use mcp_stateful::{
    app::App,
    cli::Cli,
    config::Config,
    principal::Principal,
    session::Session,
    store::{Cursor, PageRequest},
    tools::ToolOutput,
};
use serde_json::{Map, Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    time::Instant,
};

const TOKEN: &str = "bench-token-0123456789abcdef";

/// A running service.
pub(crate) struct Service {
    runtime: Runtime,
    app: App,
}

/// The APIs to call a tool with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Api {
    Rest,
    Mcp2026,
}

/// Returns the arguments of the repeated `echo_cached` call.
pub(crate) fn hot_text() -> Map<String, Value> {
    Map::from_iter([("text".to_owned(), json!("a text that is requested again and again"))])
}

impl Service {
    /// Starts a service whose cache holds the hot text.
    pub(crate) fn start() -> Self {
        let mut flags = Cli::parse_from(["mcp-stateful", "--state-path", ":memory:"]).flags;
        flags.auth_token = Some(TOKEN.to_owned());
        let (config, _) = Config::parse(&flags).expect("the flags are valid");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let app = runtime.block_on(App::build(&config)).expect("an in-memory store opens");
        let service = Self { runtime, app };
        service.echo(hot_text());
        service
    }

    /// Sends a request and returns the body of its response, which must be a 200.
    pub(crate) fn send(&self, request: Request<Body>) -> Bytes {
        self.runtime.block_on(async {
            let response = self.app.clone().respond(request).await;
            let status = response.status();
            let body = response.into_body().collect().await.expect("the body is complete").to_bytes();
            assert_eq!(status, StatusCode::OK, "{body:?}");
            body
        })
    }

    /// Calls the tool without HTTP.
    pub(crate) fn echo(&self, arguments: Map<String, Value>) -> Box<dyn ToolOutput> {
        let (caller, tools) = (Principal::shared(), self.app.tools());
        let deadline = tools.deadline(Instant::now());
        self.runtime.block_on(tools.call(&caller, "echo_cached", arguments, deadline)).expect("the arguments are valid")
    }

    /// Returns the cursor of a session's second page.
    pub(crate) fn second_page(&self, session: &Session) -> Cursor {
        let store = self.app.tools().store();
        let request = PageRequest { limit: NonZeroUsize::new(1), ..PageRequest::default() };
        let page = self.runtime.block_on(async {
            store.add_note(session, "the first page").await?;
            store.add_note(session, "the second").await?;
            store.notes(session, request).await
        });
        page.expect("the store is in memory").next.expect("a note follows")
    }
}

impl Api {
    /// Returns a request for the hot text.
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
