//! A server with the tools, prompts and resources that the official MCP conformance suite calls by name, behind the
//! service's own router, layers and configuration: so the suite judges our transport. For tests only; it is in no image.
//!
//! It must not configure the edge in another way than the service does.

mod handler;
mod input_required;
mod notices;
mod prompts;
mod resources;
mod rounds;
mod samples;
mod subscribers;
mod tools;

use std::{error::Error, process::ExitCode, sync::Arc};

use clap::Parser;
use mcp_stateful::{
    cli::Cli,
    config::{Config, LogConfig},
    http::{self, Edge, Front},
    mcp,
    process::{self, Stop},
    store::Store,
    telemetry::{Metrics, log},
    tools::Tools,
};
use tokio::net::TcpListener;

use handler::Fixture;

/// Serve the conformance suite's fixtures at /mcp on 127.0.0.1, without a token.
#[derive(Debug, Parser)]
#[command(name = "conformance-fixture")]
struct Arguments {
    /// Port to listen on; 0 takes any.
    #[arg(long)]
    port: u16,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (config, log_config) = configure(arguments.port)?;
    log::start(&log_config);
    process::run(serve(config))
}

/// The service's own configuration, with its own defaults; only what would reach outside this process is settled here.
fn configure(port: u16) -> Result<(Config, LogConfig), Box<dyn Error>> {
    let port = port.to_string();
    let flags = ["--host", "127.0.0.1", "--port", &port, "--metrics-port", "off"];
    let store = ["--state-backend", "embedded", "--state-path", ":memory:"];
    let cli = Cli::try_parse_from(["conformance-fixture"].iter().chain(&flags).chain(&store))?;
    Ok(Config::parse(&cli.flags)?)
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let address = config.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}; pass another --port"))?;
    let metrics = Arc::new(Metrics::new(&config.revision));
    let store = Store::open(&config.state, metrics.clone()).await?;
    let tools = Arc::new(Tools::new(store, &config.limits, metrics.clone()));
    let fixture = Fixture::new(mcp::Handler::new(tools.clone()));
    let head_timeout = config.limits.body_timeout;
    let edge = Edge {
        access: Arc::new(config.access),
        oauth: None,
        limits: Arc::new(config.limits),
        metrics,
        revision: config.revision,
    };
    let endpoint = mcp::Endpoint::new(fixture, &edge.limits);
    let front = Front::new(&edge, tools, endpoint);
    let answer = move |request| front.clone().answer(request);
    let stop = Stop::on_signal()?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    // Stops at once, without the service's drain: a client's `subscriptions/listen` would keep that waiting.
    tokio::select! {
        () = http::serve(listener, answer, head_timeout, std::future::pending()) => {}
        () = stop.wait() => {}
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the one place that speaks when the log does not")]
fn complain(error: &dyn Error) {
    eprintln!("conformance-fixture: {error}");
}
