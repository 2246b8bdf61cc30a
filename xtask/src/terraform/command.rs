//! The one door to the program `terraform`: every process of it is started here, so that a command can say how much of its
//! time was Terraform's. Must not know what Terraform is asked.

use std::{
    fs::File,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::process::{self, CommandLine, Output};

/// In microseconds.
static RAN: AtomicU64 = AtomicU64::new(0);

/// How long Terraform's processes have run since this program began, all that have ended. They run one after the other.
pub(crate) fn ran() -> Duration {
    Duration::from_micros(RAN.load(Ordering::Relaxed))
}

/// The beginning of every line.
pub(crate) fn line() -> CommandLine {
    CommandLine::new("terraform")
}

/// Runs a line; its output goes where ours goes.
pub(super) fn run(line: &CommandLine) -> anyhow::Result<()> {
    let _running = Running::begin();
    process::run(line)
}

/// Runs a line and returns all it said, whether it succeeded or not.
pub(crate) fn capture(line: &CommandLine) -> anyhow::Result<Output> {
    let _running = Running::begin();
    process::capture(line)
}

/// Runs a line that changes something, as [`process::follow`] does.
pub(crate) async fn follow(
    line: &CommandLine,
    log: &Path,
    lock: Option<File>,
    see: impl FnMut(&str),
) -> anyhow::Result<bool> {
    let _running = Running::begin();
    process::follow(line, log, lock, see).await
}

/// A process that is counted when it has ended, however that is waited for.
struct Running(Instant);

impl Running {
    fn begin() -> Self {
        Self(Instant::now())
    }
}

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
    fn whatever_a_process_comes_to_it_has_run() {
        let before = ran();
        assert!(!capture(&CommandLine::new(crate::environment::cargo()).arg("no-such-command")).unwrap().success);
        assert!(ran() > before);
    }
}
