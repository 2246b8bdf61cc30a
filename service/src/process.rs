//! The process: its runtime, and the signals that stop it.

#[cfg(unix)]
mod unix;

use std::{future::Future, io};

use tokio::{runtime, sync::watch};

use crate::telemetry::targets;

/// The stack of a worker thread. It costs address space, not memory. An unoptimised build comes close to
/// tokio's default of 2 MiB, and an overflow aborts the process.
const STACK_BYTES: usize = 8 << 20;

/// Runs `work` to completion, and abandons the tasks that it spawned: a read of standard input, for example,
/// may never return.
///
/// # Errors
/// The error of `work`, or of a system that cannot provide threads or an event queue.
pub fn run<T, E: From<io::Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// The stop signal: SIGTERM, which ECS sends, Ctrl-C, or SIGHUP of a terminal that closes. Every clone receives it.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    /// The system's error if it does not permit to handle signals.
    pub fn on_signal() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(false);
        #[cfg(unix)]
        let signals = unix::signals()?;
        #[cfg(not(unix))]
        let signals = async {
            tokio::signal::ctrl_c().await.ok();
            "Ctrl-C"
        };
        tokio::spawn(async move {
            let signal = signals.await;
            tracing::info!(target: targets::PROCESS, signal, "stop signal received; draining");
            sender.send(true).ok();
        });
        Ok(Self(receiver))
    }

    /// Waits for the signal.
    pub async fn wait(mut self) {
        // An error means that the sending task is gone, which is a reason to stop as well.
        self.0.wait_for(|stop| *stop).await.ok();
    }
}
