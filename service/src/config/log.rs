//! The settings of the log.

use tracing_subscriber::filter::Targets;

use super::problems::{Problems, setting};
use crate::cli::Flags;

/// The settings of the log.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The format.
    pub format: LogFormat,
    /// The filter: a level, or targets with levels.
    pub filter: Targets,
    /// Colours are allowed on a terminal.
    pub colour: bool,
}

/// The formats of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// `Human` on a terminal, `Json` elsewhere.
    Auto,
    /// Text for people.
    Human,
    /// One JSON object per line.
    Json,
}

pub(super) fn parse(problems: &mut Problems, flags: &Flags) -> LogConfig {
    let formats = [("auto", LogFormat::Auto), ("human", LogFormat::Human), ("json", LogFormat::Json)];
    let format = problems.choice(setting!(flags.log_format), &formats).unwrap_or(LogFormat::Auto);
    let filter = flags.log.parse().unwrap_or_else(|error| {
        problems.add("log", format_args!("invalid filter \"{}\": {error}; set for example info", flags.log));
        Targets::new()
    });
    LogConfig { format, filter, colour: !flags.no_color }
}
