//! A background process of the rehearsal: `dockerd` or the emulator. It is terminated with the rehearsal, and killed
//! if it does not exit in time.
//!
//! Each daemon is recorded on disk, so that the next rehearsal stops those that `--keep` or a crash left running. Must
//! not signal a process that no rehearsal started.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Child,
    time::Duration,
};

use anyhow::{Context, anyhow};

use super::paths::Paths;
use xtask::{
    local::identity::{self, Identity, Request},
    poll::{Check, poll, poll_blocking},
    process::{self, CommandLine},
};

/// Limit for becoming ready.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Limit for exiting after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// A running daemon. Dropping it stops it.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Option<Child>,
    name: &'static str,
    log: PathBuf,
    record: PathBuf,
}

impl Daemon {
    /// Starts a daemon in a process group of its own: Ctrl-C must not stop it before the processes that depend on it.
    pub(super) fn start(name: &'static str, line: &CommandLine, paths: &Paths) -> anyhow::Result<Self> {
        let (log, record) = (paths.logs().join(format!("{name}.log")), paths.daemons().join(name));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = process::start_detached(line, &file)?;
        let pid = child.id();
        let daemon = Self { child: Some(child), name, log, record };
        // A process that has already exited needs no record.
        if let Ok(identity) = identity::identify(pid) {
            let text = serde_json::to_string(&identity).context("cannot serialize the record")?;
            fs::write(&daemon.record, text).with_context(|| format!("cannot write {}", daemon.record.display()))?;
        }
        Ok(daemon)
    }

    /// Waits until the daemon is ready. The error of one that exits or takes too long has the end of its log.
    pub(super) async fn wait_until_ready(&mut self, mut is_ready: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
        let ready = poll(START_LIMIT, POLL, async || {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait().with_context(|| format!("cannot wait for {}", self.name))?
            {
                return Err(anyhow!("{} exited: {status}\n{}", self.name, self.last_lines()));
            }
            Ok(if is_ready().await { Check::Ready(()) } else { Check::not_yet("not ready") })
        });
        ready.await?.map_err(|late| anyhow!("{} {late}\n{}", self.name, self.last_lines()))
    }

    /// Keeps the daemon running on drop. Returns its process ID.
    pub(super) fn keep_running(&mut self) -> Option<u32> {
        self.child.take().map(|child| child.id())
    }

    fn last_lines(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Ok(identity) = identity::identify(child.id()) {
            drop(identity::request(&identity, Request::Terminate));
        }
        let exited = || match child.try_wait() {
            Ok(None) => Ok(Check::not_yet("running")),
            _ => Ok(Check::Ready(())),
        };
        drop(poll_blocking(STOP_LIMIT, POLL, exited));
        drop(child.kill());
        drop(child.wait());
        drop(fs::remove_file(&self.record));
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

    fn identity(daemon: &Daemon) -> Identity {
        identity::identify(daemon.child.as_ref().unwrap().id()).unwrap()
    }

    #[test]
    fn exited_daemon_fails_with_its_log() {
        let (_directory, paths) = Paths::for_test();
        let mut daemon = Daemon::start("test", &sh("echo last line; exit 3"), &paths).unwrap();
        let error = runtime::wait_for(daemon.wait_until_ready(async || false)).unwrap().unwrap_err().to_string();
        assert!(error.starts_with("test exited") && error.contains("  | last line"), "{error}");
    }

    #[test]
    fn dropped_daemon_is_terminated() {
        let (directory, paths) = Paths::for_test();
        let terminated = directory.path().join("terminated");
        let script =
            format!("trap 'touch {}; exit 0' TERM; echo up; while :; do sleep 0.05; done", terminated.display());
        let mut daemon = Daemon::start("test", &sh(&script), &paths).unwrap();
        let log = daemon.log.clone();
        let up = async || fs::read_to_string(&log).is_ok_and(|log| log.contains("up"));
        runtime::wait_for(daemon.wait_until_ready(up)).unwrap().unwrap();
        let identity = identity(&daemon);
        drop(daemon);
        assert!(terminated.exists());
        assert!(!identity::is_running(&identity).unwrap());
        assert_eq!(fs::read_dir(paths.daemons()).unwrap().count(), 0);
    }

    #[test]
    fn leftover_daemon_is_stopped() {
        let (_directory, paths) = Paths::for_test();
        let mut daemon = Daemon::start("test", &sh("exec sleep 60"), &paths).unwrap();
        let identity = identity(&daemon);
        let mut child = daemon.child.take().unwrap();
        drop(daemon);
        // A parent must reap it, as init does once the rehearsal that started it is gone.
        let waiting = thread::spawn(move || child.wait());
        stop_leftovers(&paths).unwrap();
        assert!(!identity::is_running(&identity).unwrap());
        drop(waiting.join());
    }
}
