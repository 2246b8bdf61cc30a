//! A background process of the rehearsal: `dockerd` or the emulator. It is terminated with the rehearsal, and killed
//! if it does not exit in time.
//!
//! Each daemon is recorded on disk, so that the next rehearsal stops those that `--keep` or a crash left running. Must
//! not signal a process that no rehearsal started.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context;

use super::paths::Paths;
use xtask::{
    poll::{Check, poll_blocking},
    process::{
        CommandLine, LogFile, ManagedProcess,
        identity::{self, Identity, Request},
    },
};

/// Limit for becoming ready.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Limit for exiting after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// A running daemon. Dropping it stops it.
#[derive(Debug)]
pub(super) struct Daemon {
    process: Option<ManagedProcess>,
    record: PathBuf,
}

impl Daemon {
    /// Starts a daemon in a process group of its own: Ctrl-C must not stop it before the processes that depend on it.
    pub(super) fn start(name: &str, line: &CommandLine, paths: &Paths) -> anyhow::Result<Self> {
        let log = LogFile::create(&paths.logs().join(format!("{name}.log")))?;
        let process = ManagedProcess::start_detached(line, log)?.with_grace(STOP_LIMIT);
        let record = paths.daemons().join(name);
        // A process that has already exited needs no record.
        if let Ok(identity) = process.identity() {
            let text = serde_json::to_string(&identity).context("cannot serialize the record")?;
            fs::write(&record, text).with_context(|| format!("cannot write {}", record.display()))?;
        }
        Ok(Self { process: Some(process), record })
    }

    /// Waits until the daemon is ready. The error of one that exits or takes too long has the end of its log.
    pub(super) async fn wait_until_ready(&mut self, mut is_ready: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
        let process = self.process.as_mut().context("the daemon was released")?;
        let check = async || Ok(if is_ready().await { Check::Ready(()) } else { Check::not_yet("not ready") });
        process.ready(START_LIMIT, POLL, check).await
    }

    /// Keeps the daemon running on drop. Returns its process ID.
    pub(super) fn keep_running(&mut self) -> Option<u32> {
        self.process.take().map(ManagedProcess::release)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            drop(process);
            drop(fs::remove_file(&self.record));
        }
    }
}

/// Stops the daemons that an earlier rehearsal left running.
pub(super) fn stop_leftovers(paths: &Paths) -> anyhow::Result<()> {
    let records = paths.daemons();
    let entries = fs::read_dir(&records).with_context(|| format!("cannot read {}", records.display()))?;
    for record in entries {
        let record = record.with_context(|| format!("cannot read {}", records.display()))?.path();
        let text = fs::read_to_string(&record).with_context(|| format!("cannot read {}", record.display()))?;
        // An incomplete record means that the rehearsal was killed while writing it, right after the daemon's start.
        if let Ok(identity) = serde_json::from_str::<Identity>(&text) {
            stop(&identity)?;
        }
        fs::remove_file(&record).with_context(|| format!("cannot delete {}", record.display()))?;
    }
    Ok(())
}

fn stop(identity: &Identity) -> anyhow::Result<()> {
    identity::request(identity, Request::Terminate)?;
    let exited =
        || Ok(if identity::is_running(identity)? { Check::not_yet("still running") } else { Check::Ready(()) });
    if poll_blocking(STOP_LIMIT, POLL, exited)?.is_err() {
        identity::request(identity, Request::Kill)?;
        poll_blocking(STOP_LIMIT, POLL, exited)?.context("cannot kill a daemon of an earlier rehearsal")?;
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::thread;

    use super::*;
    use xtask::runtime;

    fn sh(script: &str) -> CommandLine {
        CommandLine::new("sh").args(["-c", script])
    }

    #[test]
    fn exited_daemon_fails_with_its_log() {
        let (_directory, paths) = Paths::for_test();
        let mut daemon = Daemon::start("test", &sh("echo last line; exit 3"), &paths).unwrap();
        let error = runtime::wait_for(daemon.wait_until_ready(async || false)).unwrap().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("  | last line"), "{error}");
    }

    #[test]
    fn dropped_daemon_is_terminated() {
        let (directory, paths) = Paths::for_test();
        let terminated = directory.path().join("terminated");
        let script =
            format!("trap 'touch {}; exit 0' TERM; echo up; while :; do sleep 0.05; done", terminated.display());
        let mut daemon = Daemon::start("test", &sh(&script), &paths).unwrap();
        let log = paths.logs().join("test.log");
        let up = async || fs::read_to_string(&log).is_ok_and(|log| log.contains("up"));
        runtime::wait_for(daemon.wait_until_ready(up)).unwrap().unwrap();
        drop(daemon);
        assert!(terminated.exists());
        assert_eq!(fs::read_dir(paths.daemons()).unwrap().count(), 0);
    }

    #[test]
    fn leftover_daemon_is_stopped() {
        let (_directory, paths) = Paths::for_test();
        let line = CommandLine::new("sleep").arg("60");
        let process = ManagedProcess::start(&line, LogFile::create(&paths.logs().join("test.log")).unwrap()).unwrap();
        let identity = process.identity().unwrap();
        fs::write(paths.daemons().join("test"), serde_json::to_string(&identity).unwrap()).unwrap();
        // A parent must reap it, as init does once the rehearsal that started it is gone.
        let reaper = thread::spawn(move || {
            let mut process = process;
            while matches!(process.exit_status(), Ok(None)) {
                thread::sleep(Duration::from_millis(10));
            }
        });
        stop_leftovers(&paths).unwrap();
        assert!(!identity::is_running(&identity).unwrap());
        assert_eq!(fs::read_dir(paths.daemons()).unwrap().count(), 0);
        reaper.join().unwrap();
    }
}
