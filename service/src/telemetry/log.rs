//! The log, on standard error: for people on a terminal, one JSON object a line elsewhere.

mod gather;
mod human;
mod json;
mod time;

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use self::{gather::Gather, human::Human, json::Json};
use crate::config::{LogConfig, LogFormat};

/// Libraries that quote requests and answers, and so notes and tokens, when they are more talkative than this: no setting
/// makes them. rmcp's warnings quote what a client sent.
const LIBRARIES: [(&str, Level); 6] = [
    ("rmcp", Level::ERROR),
    ("hyper", Level::WARN),
    ("dynoxide", Level::WARN),
    ("aws_", Level::WARN),
    ("h2", Level::WARN),
    ("rustls", Level::WARN),
];

/// Whether something may be logged at all. This stands before the setting, which can only take away.
fn may_be_told(metadata: &Metadata<'_>) -> bool {
    let library = LIBRARIES.iter().find(|(prefix, _)| metadata.target().starts_with(prefix));
    library.is_none_or(|(_, most)| metadata.level() <= most)
}

static GATHER: OnceLock<Gather> = OnceLock::new();

/// Starts logging for the process, panics included. Called once; a second call changes nothing.
pub fn start(config: &LogConfig) {
    let human = match config.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => io::stderr().is_terminal(),
    };
    let gather = GATHER.get_or_init(Gather::start).clone();
    let layer: Box<dyn Layer<Registry> + Send + Sync> = if human {
        let colour = config.colour && io::stderr().is_terminal();
        Box::new(fmt::layer().fmt_fields(Human::default()).with_writer(gather).with_ansi(colour))
    } else {
        Box::new(fmt::layer().event_format(Json).with_writer(gather))
    };
    let filter = EnvFilter::builder().parse_lossy(&config.filter).and(filter_fn(may_be_told));
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().ok();
    log_panics();
}

/// Writes the lines that were not written yet; for the end of the process.
pub fn finish() {
    if let Some(gather) = GATHER.get() {
        gather.flush();
    }
}

/// A panic becomes one log line with its place; its payload may quote a client's data, so it stays out.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
