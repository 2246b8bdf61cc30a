//! Runs a future to its end on this thread. Commands are ordinary functions; only what talks HTTP is asynchronous.

use anyhow::{Context, anyhow};

use crate::error::{ErrorExt, Exit};

/// Waits for a future.
pub fn wait_for<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    Ok(runtime.block_on(future))
}

/// Runs a command to its end, or until somebody presses Ctrl-C. Whatever has to be finished first is finished by the guard
/// that holds it: the command's future is dropped.
pub fn until_interrupted<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    wait_for(or_interrupted(command, "run the same command again: it goes on from where this one was"))?
}

/// The same, for who has something to wait for afterwards; and what to do then.
pub async fn or_interrupted<T>(command: impl Future<Output = anyhow::Result<T>>, then: &str) -> anyhow::Result<T> {
    tokio::select! {
        biased;
        result = command => result,
        _ = tokio::signal::ctrl_c() => {
            Err(anyhow!("interrupted")).hint(then).exit_code(Exit::Interrupted)
        }
    }
}
