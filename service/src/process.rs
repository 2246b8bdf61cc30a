//! The process: the runtime it works on, and the signals that end it.

use std::{future::Future, io};

use tokio::{runtime, sync::watch};

/// Address space, not memory: an unoptimised build comes near tokio's 2 MiB, and an overflow takes the process down.
const STACK_BYTES: usize = 8 << 20;

/// Runs `work` to its end, and leaves behind what it spawned: a read of standard input, for one, may never return.
///
/// # Errors
/// A system that gives no threads or no event queue; and those of `work`.
pub fn run<T, E: From<io::Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    ended
}

/// The wish that the process ends: SIGTERM, which ECS sends, or Ctrl-C. Clones hear it alike.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    /// A system that does not let us.
    pub fn on_signal() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(false);
        #[cfg(unix)]
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            #[cfg(unix)]
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            #[cfg(not(unix))]
            tokio::signal::ctrl_c().await.ok();
            tracing::info!("told to stop; finishing what is under way");
            sender.send(true).ok();
        });
        Ok(Self(receiver))
    }

    /// Waits for the signal.
    pub async fn wait(mut self) {
        // An error means that the one who tells is gone: then, too, it is time to stop.
        self.0.wait_for(|stop| *stop).await.ok();
    }
}
