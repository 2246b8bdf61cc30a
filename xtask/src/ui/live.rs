//! The sign of life of a step that runs: a spinner or a bar on a terminal, a line every ten seconds elsewhere.

use std::{
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{progress, terminal};

const TICK: Duration = Duration::from_millis(120);
/// Pause between two lines where there is no terminal.
const HEARTBEAT: Duration = Duration::from_secs(10);

const SPINNER: &str = "{prefix:>10} {spinner} {elapsed} {wide_msg}";
const BAR: &str = "{prefix:>10} {spinner} {elapsed} [{bar:20}] {pos}/{len} {wide_msg}";

/// Ends with the step.
#[derive(Debug)]
pub(super) enum Live {
    Line(ProgressBar),
    Heartbeat(Heartbeat),
}

impl Live {
    pub(super) fn begin(name: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self::Heartbeat(Heartbeat::begin(name));
        }
        let line = terminal::add(ProgressBar::no_length().with_style(style(SPINNER)).with_prefix(name));
        line.enable_steady_tick(TICK);
        Self::Line(line)
    }

    /// Records that the step printed something, so that the next line may wait.
    pub(super) fn spoke(&self) {
        if let Self::Heartbeat(heartbeat) = self {
            heartbeat.state().spoke = true;
        }
    }

    pub(super) fn status(&self, text: &str) {
        match self {
            Self::Line(line) => line.set_message(text.to_owned()),
            Self::Heartbeat(heartbeat) => text.clone_into(&mut heartbeat.state().status),
        }
    }

    pub(super) fn bar(&self, done: u64, total: u64) {
        match self {
            Self::Line(line) => {
                if line.length().is_none() {
                    line.set_style(style(BAR));
                }
                line.set_length(total);
                line.set_position(done);
            }
            Self::Heartbeat(heartbeat) => heartbeat.state().bar = Some((done, total)),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Self::Line(line) = self {
            line.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A thread that prints what a quiet step waits for. It ends when this is dropped, because its channel closes.
#[derive(Debug)]
pub(super) struct Heartbeat {
    state: Arc<Mutex<State>>,
    _running: mpsc::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    status: String,
    bar: Option<(u64, u64)>,
    /// The step printed a line since the last heartbeat.
    spoke: bool,
}

impl Heartbeat {
    fn begin(name: &'static str) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (running, ended) = mpsc::channel();
        let shared = Arc::clone(&state);
        let since = Instant::now();
        thread::spawn(move || {
            while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                let mut state = locked(&shared);
                if !std::mem::take(&mut state.spoke) {
                    progress(&format!("{:>10} {}", "", state.line(name, since.elapsed())));
                }
            }
        });
        Self { state, _running: running }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    fn line(&self, name: &str, elapsed: Duration) -> String {
        let bar = self.bar.map_or_else(String::new, |(done, total)| format!(" {done}/{total}"));
        let status = if self.status.is_empty() { name } else { &self.status };
        format!("still waiting ({} s):{bar} {status}", elapsed.as_secs())
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeat_names_time_bar_and_status() {
        let mut state = State::default();
        assert_eq!(state.line("image", Duration::from_secs(10)), "still waiting (10 s): image");
        state.status = "1 of 1 running, 0 healthy".to_owned();
        state.bar = Some((0, 1));
        let line = state.line("wait", Duration::from_secs(20));
        assert_eq!(line, "still waiting (20 s): 0/1 1 of 1 running, 0 healthy");
    }

    #[test]
    fn templates_are_valid() {
        for template in [SPINNER, BAR] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
