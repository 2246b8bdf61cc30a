//! The signal that stops the process on systems other than Unix.

use std::io;

/// The handled signals.
pub(super) struct Signals;

impl Signals {
    /// Does nothing, because tokio handles Ctrl-C from the first wait on.
    #[expect(clippy::unnecessary_wraps, reason = "Unix can fail")]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next signal and returns its name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::signal::ctrl_c().await.ok();
        "Ctrl-C"
    }
}
