//! The log on standard error: human-readable on a terminal, one JSON object a line otherwise.

mod batch_writer;
mod json;

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    Layer, Registry,
    field::RecordFields,
    filter::{FilterExt, filter_fn},
    fmt::{
        self, FormatFields,
        format::{DefaultFields, Writer},
    },
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use self::{batch_writer::BatchWriter, json::Json};
use super::{call, targets};
use crate::config::{LogConfig, LogFormat};

/// The most verbose level of libraries whose more verbose lines quote requests and responses, and so notes and tokens.
/// No setting raises it. rmcp's warnings quote client input.
const MAX_LEVELS: [(&str, Level); 6] = [
    ("rmcp", Level::ERROR),
    ("hyper", Level::WARN),
    ("dynoxide", Level::WARN),
    ("aws_", Level::WARN),
    ("h2", Level::WARN),
    ("rustls", Level::WARN),
];

/// Returns true if [`MAX_LEVELS`] permits a line. The configured filter can only reduce what this permits.
fn is_loggable(metadata: &Metadata<'_>) -> bool {
    let library = MAX_LEVELS.iter().find(|(prefix, _)| metadata.target().starts_with(prefix));
    library.is_none_or(|(_, max)| metadata.level() <= max)
}

static WRITER: OnceLock<BatchWriter> = OnceLock::new();

/// Starts logging for the process, panics included. A second call changes nothing.
pub fn start(config: &LogConfig) {
    let human = match config.format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => io::stderr().is_terminal(),
    };
    let writer = WRITER.get_or_init(BatchWriter::start).clone();
    let layer: Box<dyn Layer<Registry> + Send + Sync> = if human {
        let colour = config.colour && io::stderr().is_terminal();
        Box::new(fmt::layer().fmt_fields(HumanFields::default()).with_writer(writer).with_ansi(colour))
    } else {
        Box::new(fmt::layer().event_format(Json).with_writer(writer))
    };
    let filter = config.filter.clone().and(filter_fn(is_loggable));
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().ok();
    log_panics();
}

/// Writes the buffered lines, at the end of the process.
pub fn finish() {
    if let Some(writer) = WRITER.get() {
        writer.flush();
    }
}

/// Formats a line's fields for a terminal: its own, then those of the current call.
#[derive(Debug, Default)]
struct HumanFields(DefaultFields);

impl<'w> FormatFields<'w> for HumanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> std::fmt::Result {
        self.0.format_fields(writer.by_ref(), fields)?;
        let format_call =
            |call: &call::CallContext| call.fields().try_for_each(|(name, value)| write!(writer, " {name}={value}"));
        call::with_current(format_call).unwrap_or(Ok(()))
    }
}

/// Logs every panic as one line with its location. The payload stays out, because it may quote a client's data.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: targets::PANIC, place, "panic");
    }));
}
