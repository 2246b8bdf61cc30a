//! A named step of a command: what it is doing while it does it, and how it ended, for people or as events.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Tone, event, paint_stderr, progress};

/// A step that has begun.
#[derive(Debug)]
pub struct Step {
    name: &'static str,
    since: Instant,
}

/// Begins a step. People see its name when there is something to tell: a note, or its end.
pub fn begin(name: &'static str) -> Step {
    event(&json!({"event": "started", "step": name}));
    Step { name, since: Instant::now() }
}

impl Step {
    /// Tells what the step is at.
    pub(crate) fn note(&self, text: &str) {
        if !event(&json!({"event": "progress", "step": self.name, "text": text})) {
            progress(&format!("{:>10} {text}", ""));
        }
    }

    /// Ends the step, with what came of it.
    pub fn done(self, detail: &str) -> Duration {
        let took = self.since.elapsed();
        let seconds = (took.as_secs_f64() * 10.0).round() / 10.0;
        if !event(&json!({"event": "done", "step": self.name, "detail": detail, "seconds": seconds})) {
            let name = paint_stderr(Tone::Note, &format!("{:>10}", self.name));
            progress(&format!("{name} {detail} ({seconds:.1} s)"));
        }
        took
    }
}
