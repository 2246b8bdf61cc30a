//! Checks an open file in the background and after failures, and remembers whether it is damaged.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::InterruptHandle;

use super::{error::OpenError, inspect};
use crate::telemetry::targets;

/// The minimum time between two checks after failures. A check reads the whole file.
const INTERVAL: Duration = Duration::from_secs(60);

/// The state of one file.
#[derive(Debug)]
pub(super) struct Integrity {
    path: PathBuf,
    damaged: AtomicBool,
    last: Mutex<Option<Instant>>,
    running: Mutex<Option<Interrupt>>,
}

struct Interrupt(InterruptHandle);

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interrupt")
    }
}

impl Integrity {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            damaged: AtomicBool::new(false),
            last: Mutex::default(),
            running: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Reads the whole file and logs the result. Blocks until the end, or until [`Integrity::interrupt`].
    pub(super) fn check(&self) {
        let started = Instant::now();
        match self.read_whole() {
            Ok(()) => {
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(target: targets::EMBEDDED, seconds, "checked the store's file; it is whole");
            }
            Err(OpenError::Damaged(damage)) => self.report(&damage),
            Err(error) => {
                tracing::debug!(target: targets::EMBEDDED, %error, "the check of the store's file did not end")
            }
        }
    }

    /// Returns true if the file is damaged. Checks it unless a check began less than [`INTERVAL`] ago.
    pub(super) fn is_damaged_after_failure(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_damaged() && last.is_none_or(|last| last.elapsed() > INTERVAL) {
            *last = Some(Instant::now());
            drop(last);
            self.check();
        }
        self.is_damaged()
    }

    /// Marks the file as damaged and logs it once.
    pub(super) fn report(&self, damage: &str) {
        if !self.damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                target: targets::EMBEDDED,
                file = %self.path.display(),
                damage,
                "the store's file is damaged; writes are rejected until a backup is restored with `mcp-stateful restore`"
            );
        }
    }

    /// Ends a running check, which would keep the log from being merged.
    pub(super) fn interrupt(&self) {
        if let Some(running) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            running.0.interrupt();
        }
    }

    fn read_whole(&self) -> Result<(), OpenError> {
        let connection = inspect::open_read_only(&self.path)?;
        let set = |handle| *self.running.lock().unwrap_or_else(PoisonError::into_inner) = handle;
        set(Some(Interrupt(connection.get_interrupt_handle())));
        let result = inspect::pages(&connection);
        set(None);
        result
    }
}
