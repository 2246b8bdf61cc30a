//! A server with the tools, prompts and resources that the official MCP conformance suite calls by name. It
//! is the service's own [`App`] with another MCP handler, so that the suite tests the service's transport.
//! For tests only; no image contains it.

mod handler;
mod input_required;
mod notices;
mod prompts;
mod resources;
mod rounds;
mod samples;
mod subscribers;
mod tools;

use std::{error::Error, process::ExitCode, time::Duration};

use clap::Parser;
use mcp_stateful::{
    app::App,
    cli::Cli,
    config::{Config, LogConfig},
    http::{self, ConnectionLimits},
    mcp,
    process::{self, Stop},
    telemetry::log,
    tools::catalog::Catalog,
};
use tokio::net::TcpListener;

use handler::Fixture;

/// Serve the conformance suite's fixtures at /mcp on 127.0.0.1, without a token.
#[derive(Debug, Parser)]
#[command(name = "conformance-fixture")]
struct Arguments {
    /// Port to listen on; 0 picks a free one.
    #[arg(long)]
    port: u16,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (config, log_config) = configure(arguments.port)?;
    log::start(&log_config);
    process::run(serve(config))
}

/// Returns the service's configuration with its defaults, except settings with effects outside this process.
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
    let catalog = Catalog::built_in(&config.limits)?;
    let endpoint = |tools| mcp::Endpoint::new(Fixture::new(mcp::Handler::new(tools)), &config.limits);
    let app = App::with_endpoint(&config, catalog, endpoint).await?;
    let respond = move |request| app.clone().respond(request);
    let stop = Stop::on_signal(Duration::ZERO)?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let limits = ConnectionLimits {
        head_timeout: config.limits.body_timeout,
        keep_alive: config.limits.keep_alive,
        max_connections: 256,
    };
    // Stops without draining, because a client's `subscriptions/listen` would hold up the drain.
    tokio::select! {
        () = http::serve(listener, respond, limits, None, Stop::never()) => {}
        () = stop.wait() => {}
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the only output without the log")]
fn eprint(error: &dyn Error) {
    eprintln!("conformance-fixture: {error}");
}
