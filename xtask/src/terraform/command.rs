//! Starts every Terraform process, so that a command can report how much of its time Terraform took. Must not know what
//! Terraform is run for.

use std::{
    fs::File,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::env;
use crate::process::{self, CommandLine, Output};

/// The run time of all processes that have ended, in microseconds.
static RAN: AtomicU64 = AtomicU64::new(0);

/// Returns how long Terraform's processes have run since this program began, in sum. They run one after the other.
pub(crate) fn ran() -> Duration {
    Duration::from_micros(RAN.load(Ordering::Relaxed))
}

/// Returns a command line that starts Terraform, with the environment that [`mod@env`] composes.
pub(crate) fn line() -> CommandLine {
    CommandLine::new("terraform").without_env(env::cleared())
}

/// Runs a command line whose output goes to this process's output.
pub(super) fn run(line: &CommandLine) -> anyhow::Result<()> {
    let _running = begin();
    process::run(line)
}

/// Runs a command line and returns its output, whether or not it succeeds.
pub(crate) fn capture(line: &CommandLine) -> anyhow::Result<Output> {
    let _running = begin();
    process::capture(line)
}

/// Runs a command line that changes something, as [`process::follow`] does.
pub(crate) async fn follow(
    line: &CommandLine,
    log: &Path,
    lock: Option<File>,
    on_line: impl FnMut(&str),
) -> anyhow::Result<bool> {
    let _running = begin();
    process::follow(line, log, lock, on_line).await
}

/// Begins to measure a process. The first one reports the variables that no process gets.
fn begin() -> Running {
    env::report_cleared();
    Running(Instant::now())
}

/// Measures a process until it is dropped, so that failed and interrupted processes count as well.
struct Running(Instant);

impl Drop for Running {
    fn drop(&mut self) {
        let micros = u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        RAN.fetch_add(micros, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_process_counts() {
        let before = ran();
        assert!(!capture(&CommandLine::new(crate::environment::cargo()).arg("no-such-command")).unwrap().success);
        assert!(ran() > before);
    }
}
