//! A named step of a command: what it waits for while it runs, and its result.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Reporter, Tone, live::Live, paint_stderr};

/// A step that has begun. On a terminal it shows a spinner with the elapsed time, elsewhere a line every ten seconds.
#[derive(Debug)]
pub struct Step {
    name: &'static str,
    since: Instant,
    reporter: Reporter,
    live: Option<Live>,
    status: Mutex<String>,
}

impl Step {
    pub(super) fn begin(reporter: Reporter, name: &'static str) -> Self {
        let live = match reporter {
            Reporter::Human => Some(Live::begin(name)),
            Reporter::Json => {
                reporter.progress(&json!({"event": "started", "step": name}), String::new);
                None
            }
        };
        Self { name, since: Instant::now(), reporter, live, status: Mutex::default() }
    }

    /// Prints a line that stays, such as one that a tool printed.
    pub fn note(&self, text: &str) {
        if let Some(live) = &self.live {
            live.spoke();
        }
        let event = json!({"event": "progress", "step": self.name, "text": text});
        self.reporter.progress(&event, || format!("{:>10} {text}", ""));
    }

    /// Sets what the step waits for, as a part of the moving line or of the next line. Each change is an event.
    pub fn status(&self, text: &str) {
        let mut last = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == text {
            return;
        }
        text.clone_into(&mut last);
        drop(last);
        match &self.live {
            Some(live) => live.status(text),
            None => self.note(text),
        }
    }

    /// Shows a bar: `done` of `total`. Events are not affected.
    pub fn bar(&self, done: u64, total: u64) {
        if let Some(live) = &self.live {
            live.bar(done, total);
        }
    }

    /// Reports a warning.
    pub fn warning(&self, text: &str) {
        self.reporter.warning(text);
    }

    /// Ends the step with its result. Returns how long it took.
    pub fn done(mut self, detail: &str) -> Duration {
        drop(self.live.take());
        let took = self.since.elapsed();
        let seconds = (took.as_secs_f64() * 10.0).round() / 10.0;
        let event = json!({"event": "done", "step": self.name, "detail": detail, "seconds": seconds});
        self.reporter.progress(&event, || {
            let name = paint_stderr(Tone::Note, &format!("{:>10}", self.name));
            format!("{name} {detail} ({seconds:.1} s)")
        });
        took
    }
}
