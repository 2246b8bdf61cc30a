//! The whole service in this process, configured through its command line, on an in-memory store.

use axum::body::Body;
use clap::Parser;
use http::{HeaderMap, Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use mcp_stateful::{app::App, cli::Cli, config::Config};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// A running service.
pub(crate) struct Service {
    runtime: Runtime,
    app: App,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Service {
    /// Starts a service with these flags and, optionally, a required token.
    pub(crate) fn start(flags: &[&str], token: Option<&str>) -> Self {
        let mut flags = Cli::parse_from(["mcp-stateful", "--state-path", ":memory:"].iter().chain(flags)).flags;
        flags.auth_token = token.map(str::to_owned);
        let (config, _) = Config::parse(&flags).expect("the target's flags are valid");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let app = runtime.block_on(App::build(&config)).expect("an in-memory store opens");
        Self { runtime, app }
    }

    /// Returns whether a tool is registered.
    pub(crate) fn has_tool(&self, name: &str) -> bool {
        self.app.tools().registry().required_access(name).is_some()
    }

    /// Sends a request and reads its response.
    pub(crate) fn send(&self, request: Request<Body>) -> Response {
        self.runtime.block_on(async {
            let response = self.app.clone().respond(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("the body is complete").to_bytes().into();
            Response { status: parts.status, headers: parts.headers, body }
        })
    }
}

impl Response {
    pub(crate) fn is_event_stream(&self) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
    }

    /// Returns the JSON of the body, or of the one event in it.
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        let text = if self.is_event_stream() { text.trim_start_matches("data: ") } else { &text };
        serde_json::from_str(text).unwrap_or_else(|_| panic!("the response is not JSON: {} {text}", self.status))
    }
}
