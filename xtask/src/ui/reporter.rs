//! Reports the steps, results and failures of a command: as text for people, or as JSON events for programs.
//!
//! With [`Reporter::Json`] stdout carries one JSON object a line, and stderr is left to the tools that run below.

use serde_json::{Value, json};

use super::{Step, Tone, layout, paint_stderr, progress, result};
use crate::error;

/// Form of a command's reports, chosen once from its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reporter {
    /// Text: results on stdout, everything else on stderr.
    #[default]
    Human,
    /// Events on stdout.
    Json,
}

impl Reporter {
    /// Reports events if `json` is set.
    pub fn new(json: bool) -> Self {
        if json { Self::Json } else { Self::Human }
    }

    /// Begins a step.
    pub fn begin(self, name: &'static str) -> Step {
        Step::begin(self, name)
    }

    /// Prints an event; without events, a text to stderr.
    pub fn progress(self, event: &Value, text: impl FnOnce() -> String) {
        match self {
            Self::Human => progress(&text()),
            Self::Json => result(&event.to_string()),
        }
    }

    /// Prints an event; without events, a text to stdout.
    pub fn result(self, event: &Value, text: impl FnOnce() -> String) {
        match self {
            Self::Human => result(&text()),
            Self::Json => result(&event.to_string()),
        }
    }

    /// Reports a warning.
    pub fn warning(self, text: &str) {
        self.progress(&json!({"event": "warning", "text": text}), || {
            format!("{} {text}", paint_stderr(Tone::Note, "warning:"))
        });
    }

    /// Reports the error that ends the command.
    pub(crate) fn failure(self, failed: &anyhow::Error) {
        let exit = error::exit_of(failed);
        let event = json!({
            "event": "failed",
            "exit": exit as u8,
            "kind": exit.name(),
            "error": failed.to_string(),
            "causes": failed.chain().skip(1).map(ToString::to_string).collect::<Vec<_>>(),
            "hints": error::hints_of(failed),
        });
        self.progress(&event, || layout(failed));
    }
}
