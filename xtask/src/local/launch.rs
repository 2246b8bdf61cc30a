//! Starts the service in the background, and records its process at once.
//!
//! Its environment is composed in `service.rs`. Waiting for readiness is `ready.rs`.

use std::path::Path;

use super::{
    home::Home,
    identity::Identity,
    log,
    ready::{Outcome, Watch},
    record::{self, Launch, Record},
    secrets::Secrets,
    service,
};
use crate::{process::ManagedProcess, runtime, timestamp};

/// A service that was just started.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) record: Record,
    process: Background,
    watch: Watch,
}

/// A recorded service, which outlives this process: the next command finds it by its record.
#[derive(Debug)]
struct Background(Option<ManagedProcess>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(process) = self.0.take() {
            process.release();
        }
    }
}

impl Started {
    /// Waits until the service is ready, ends, or the limit has passed. A service that is not ready is left to the
    /// caller.
    pub(crate) fn ready(&mut self) -> anyhow::Result<Outcome> {
        let Some(process) = &mut self.process.0 else { anyhow::bail!("internal error: the service was released") };
        runtime::wait_for(self.watch.wait(process))?
    }

    /// The last lines that the service has logged.
    pub(crate) fn last_lines(&self, lines: usize) -> Vec<String> {
        self.process.0.as_ref().map_or_else(Vec::new, |process| process.log().tail(lines))
    }
}

/// Starts a staged binary. A service that cannot be recorded is stopped again.
pub(crate) fn start(home: &Home, exe: &Path, launch: &Launch, secrets: &Secrets) -> anyhow::Result<Started> {
    let url = format!("http://127.0.0.1:{}", launch.port);
    let watch = Watch::new(&url)?;
    let process = ManagedProcess::start_detached(&service::line(home, exe, launch, secrets), log::open(home)?)?;
    // A process that has ended already is recorded with what is known. Waiting for it reports how it ended.
    let identity = process.identity().unwrap_or_else(|_| Identity {
        pid: process.pid(),
        start_time: timestamp::now(),
        exe: exe.to_owned(),
    });
    let record = Record {
        identity: Identity { exe: exe.to_owned(), ..identity },
        launch: launch.clone(),
        url,
        metrics_url: launch.metrics.url(),
        started_at: timestamp::now(),
    };
    record::save(home, &record).map_err(|error| {
        error.context("the service was started and stopped again, because it could not be recorded")
    })?;
    Ok(Started { record, process: Background(Some(process)), watch })
}
