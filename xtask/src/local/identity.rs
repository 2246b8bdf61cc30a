//! Looks at processes and signals them: which one is ours, and that it ends.
//!
//! A pid alone proves nothing, for the system gives it to somebody else later. A process is ours when pid, start time and
//! binary are what we recorded; or when its binary lies in our own directory, for nobody else starts anything from there.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, Signal, System, UpdateKind};

/// Seconds by which a start time may differ: it is counted from the time of boot, which moves when a clock is set.
const START_TIME_TOLERANCE: u64 = 2;

/// What tells a process from every other, also from later ones with its pid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub(crate) pid: u32,
    /// Seconds since 1970, as the system says it.
    pub(crate) start_time: u64,
    pub(crate) exe: PathBuf,
}

/// How to ask a process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// It may finish what it does. Where the system has no such signal (Windows) this is `Kill`.
    Terminate,
    /// At once.
    Kill,
}

/// The identity of a running process.
pub fn identify(pid: u32) -> anyhow::Result<Identity> {
    let system = look_at(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]))?;
    system.process(Pid::from_u32(pid)).and_then(identity_of).ok_or_else(|| anyhow!("no process {pid} runs"))
}

/// Whether this very process still runs.
pub fn is_running(identity: &Identity) -> anyhow::Result<bool> {
    Ok(with_process(identity, |_| ())?.is_some())
}

/// Signals a process, after making sure that it is the one meant. False when it runs no more.
pub fn request(identity: &Identity, request: Request) -> anyhow::Result<bool> {
    let sent = with_process(identity, |process| match request {
        Request::Terminate => process.kill_with(Signal::Term).unwrap_or_else(|| process.kill()),
        Request::Kill => process.kill(),
    })?;
    Ok(sent.unwrap_or(false))
}

/// All processes whose binary lies in a directory.
pub(crate) fn running_from(directory: &Path) -> anyhow::Result<Vec<Identity>> {
    let Ok(directory) = directory.canonicalize() else { return Ok(Vec::new()) };
    let system = look_at(ProcessesToUpdate::All)?;
    Ok(system
        .processes()
        .values()
        .filter_map(identity_of)
        .filter(|identity| lies_in(&identity.exe, &directory))
        .collect())
}

/// Resident memory of a process, in bytes.
pub(crate) fn memory(identity: &Identity) -> Option<u64> {
    with_process(identity, Process::memory).ok().flatten()
}

fn with_process<T>(identity: &Identity, act: impl FnOnce(&Process) -> T) -> anyhow::Result<Option<T>> {
    let pid = Pid::from_u32(identity.pid);
    let system = look_at(ProcessesToUpdate::Some(&[pid]))?;
    Ok(system
        .process(pid)
        .filter(|process| identity_of(process).is_some_and(|found| is_same(&found, identity)))
        .map(act))
}

fn look_at(which: ProcessesToUpdate<'_>) -> anyhow::Result<System> {
    let mut system = System::new().context("cannot look at the processes of this machine")?;
    let what = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always).with_memory().without_tasks();
    system.refresh_processes_specifics(which, true, what);
    Ok(system)
}

/// None for one that has ended and only waits to be noticed by its parent.
fn identity_of(process: &Process) -> Option<Identity> {
    if matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead) {
        return None;
    }
    let exe = process.exe()?.to_owned();
    Some(Identity { pid: process.pid().as_u32(), start_time: process.start_time(), exe })
}

fn is_same(found: &Identity, recorded: &Identity) -> bool {
    found.pid == recorded.pid
        && found.start_time.abs_diff(recorded.start_time) <= START_TIME_TOLERANCE
        && (found.exe == recorded.exe
            || matches!((found.exe.canonicalize(), recorded.exe.canonicalize()), (Ok(a), Ok(b)) if a == b))
}

fn lies_in(exe: &Path, directory: &Path) -> bool {
    exe.starts_with(directory) || exe.canonicalize().is_ok_and(|exe| exe.starts_with(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn myself() -> Identity {
        identify(std::process::id()).unwrap()
    }

    #[test]
    fn a_process_is_known_by_pid_start_time_and_binary() {
        assert!(is_running(&myself()).unwrap());
        assert!(!is_running(&Identity { start_time: 1, ..myself() }).unwrap());
        assert!(!is_running(&Identity { exe: "/elsewhere".into(), ..myself() }).unwrap());
        assert!(!is_running(&Identity { pid: u32::MAX / 2, ..myself() }).unwrap());
    }

    #[test]
    fn somebody_elses_process_is_never_signalled() {
        // Were it signalled, this test would not live to tell.
        assert!(!request(&Identity { start_time: 1, ..myself() }, Request::Kill).unwrap());
        assert!(!request(&Identity { exe: "/elsewhere".into(), ..myself() }, Request::Kill).unwrap());
    }

    #[test]
    fn what_runs_from_a_directory_is_found() {
        let exe = myself().exe;
        let found = running_from(exe.parent().unwrap()).unwrap();
        assert!(found.iter().any(|identity| identity.pid == std::process::id()));
        let empty = tempfile::tempdir().unwrap();
        assert!(running_from(empty.path()).unwrap().is_empty());
        assert!(running_from(Path::new("/no/such/directory")).unwrap().is_empty());
    }
}
