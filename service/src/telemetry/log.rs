//! The log, on standard error: for people on a terminal, one JSON object a line elsewhere.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogConfig, LogFormat};

/// Libraries that, more talkative, quote requests and answers, and so notes and tokens: no setting makes them.
const LIBRARIES: [&str; 8] = [
    "rmcp",
    "hyper",
    "hyper_util",
    "dynoxide",
    "aws_config",
    "aws_sdk_dynamodb",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
];

/// Starts logging for the process, panics included. Called once; a second call changes nothing.
pub fn start(config: &LogConfig) {
    let human = match config.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => io::stderr().is_terminal(),
    };
    let layer: Box<dyn Layer<Registry> + Send + Sync> = if human {
        Box::new(fmt::layer().with_writer(io::stderr).with_ansi(config.colour && io::stderr().is_terminal()))
    } else {
        Box::new(
            fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false)
                .with_writer(io::stderr),
        )
    };
    let filter = LIBRARIES.iter().fold(EnvFilter::builder().parse_lossy(&config.filter), |filter, library| {
        match format!("{library}=warn").parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        }
    });
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().ok();
    log_panics();
}

/// A panic becomes one log line with its place; its payload may quote a client's data, so it stays out.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
