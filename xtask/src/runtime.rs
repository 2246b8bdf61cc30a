//! Runs futures to their end on this thread. Commands are ordinary functions. Only what talks HTTP is asynchronous.

use anyhow::{Context, anyhow};

use crate::error::{ErrorExt, Exit};

/// Runs a future to its end.
pub fn wait_for<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    Ok(runtime.block_on(future))
}

/// Runs a command to its end or until Ctrl-C, which drops its future. Guards finish what must be finished.
pub fn until_interrupted<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    wait_for(or_interrupted(command, "rerun the command to resume"))?
}

/// Like [`until_interrupted`], for commands that have more to wait for after Ctrl-C, with a hint of their own.
pub async fn or_interrupted<T>(command: impl Future<Output = anyhow::Result<T>>, hint: &str) -> anyhow::Result<T> {
    tokio::select! {
        biased;
        result = command => result,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted").hint(hint).exit_code(Exit::Interrupted)),
    }
}
