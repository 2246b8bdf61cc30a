//! Runs a future to its end on this thread. Commands are ordinary functions; only what talks HTTP is asynchronous.

use anyhow::Context;

/// Waits for a future.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    Ok(runtime.block_on(future))
}
