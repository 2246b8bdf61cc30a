//! The process: its runtime, and the signals that stop it.

#[cfg(not(unix))]
mod ctrl_c;
#[cfg(unix)]
mod unix;

use std::{future::Future, io, sync::Arc, time::Duration};

use tokio::{runtime, sync::watch, time::timeout};

#[cfg(not(unix))]
use ctrl_c::Signals;
#[cfg(unix)]
use unix::Signals;

use crate::telemetry::targets;

/// The stack of a worker thread. It costs address space, not memory. An unoptimised build comes close to
/// tokio's default of 2 MiB, and an overflow aborts the process.
pub(crate) const STACK_BYTES: usize = 8 << 20;

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

/// The stop of the process by SIGTERM, which ECS sends, Ctrl-C, or SIGHUP of a terminal that closes. Clones share it.
///
/// With a lame duck the first signal begins it, and its end or another signal begins the drain. Without one the first
/// signal begins the drain.
#[derive(Debug, Clone)]
pub struct Stop {
    phase: watch::Receiver<Phase>,
    /// Keeps the channel of [`Stop::never`] open.
    _sender: Option<Arc<watch::Sender<Phase>>>,
}

/// Begins the drain of a server in a test.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub(crate) struct StopSender(watch::Sender<Phase>);

#[cfg(feature = "testing")]
impl StopSender {
    pub(crate) fn drain(&self) {
        self.0.send(Phase::Draining).ok();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    LameDuck,
    Draining,
}

impl Stop {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    /// The system's error if it does not permit to handle signals.
    pub fn on_signal(lame_duck: Duration) -> io::Result<Self> {
        let (sender, phase) = watch::channel(Phase::Running);
        let mut signals = Signals::listen()?;
        tokio::spawn(async move {
            let signal = signals.next().await;
            if !lame_duck.is_zero() {
                sender.send(Phase::LameDuck).ok();
                let seconds = lame_duck.as_secs();
                tracing::info!(target: targets::PROCESS, signal, seconds, "stop signal received; serving as a lame duck");
                if let Ok(signal) = timeout(lame_duck, signals.next()).await {
                    tracing::info!(target: targets::PROCESS, signal, "lame duck ended by a second signal");
                }
            }
            tracing::info!(target: targets::PROCESS, signal, "stop signal received; draining");
            sender.send(Phase::Draining).ok();
        });
        Ok(Self { phase, _sender: None })
    }

    /// Returns a stop that its sender begins, for a server in a test.
    #[cfg(feature = "testing")]
    pub(crate) fn on_demand() -> (StopSender, Self) {
        let (sender, phase) = watch::channel(Phase::Running);
        (StopSender(sender), Self { phase, _sender: None })
    }

    /// Returns a stop that never comes.
    pub fn never() -> Self {
        let (sender, phase) = watch::channel(Phase::Running);
        Self { phase, _sender: Some(Arc::new(sender)) }
    }

    /// Returns true from the first signal on.
    pub fn is_stopping(&self) -> bool {
        *self.phase.borrow() != Phase::Running
    }

    /// Waits until the drain begins.
    pub async fn wait(mut self) {
        // An error means that the sending task is gone, which is a reason to stop as well.
        self.phase.wait_for(|phase| *phase == Phase::Draining).await.ok();
    }
}
