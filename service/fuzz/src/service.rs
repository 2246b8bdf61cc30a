//! The whole service in this process, behind its router: configured as its command line configures it, on a store in memory.

use std::sync::Arc;

use axum::body::Body;
use clap::Parser;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use mcp_stateful::{
    cli::Cli,
    config::Config,
    http::{Edge, Front},
    mcp::Endpoint,
    store::Store,
    telemetry::Metrics,
    tools::Tools,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// A running service.
pub(crate) struct Service {
    runtime: Runtime,
    front: Front,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Service {
    /// Starts one with these flags and, if it is to ask for one, this token.
    pub(crate) fn start(flags: &[&str], token: Option<&str>) -> Self {
        let mut flags = Cli::parse_from(["mcp-stateful", "--state-path", ":memory:"].iter().chain(flags)).flags;
        flags.auth_token = token.map(str::to_owned);
        let (config, _) = Config::parse(&flags).expect("the target's flags are the service's");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let front = runtime.block_on(serve(config));
        Self { runtime, front }
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) fn ask(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let answer = self.front.clone().answer(request).await;
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.expect("the answer comes whole").to_bytes().into();
            Answer { status: parts.status, headers: parts.headers, body }
        })
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("the answer is no JSON: {} {text}", self.status))
    }
}

async fn serve(config: Config) -> Front {
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
    Front::new(&edge, tools, endpoint)
}
