//! Identifies processes and signals them.
//!
//! A pid alone proves nothing, because the system reuses it. A process counts as the recorded one if pid, start time
//! and binary match the record, or if its binary lies in the deployment's directory, because only the deployment
//! starts binaries there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, Signal, System, UpdateKind};

/// Tolerated difference of start times in seconds. They are counted from the time of boot, which moves when a clock is
/// set.
const START_TIME_TOLERANCE: u64 = 2;

/// Distinguishes a process from every other, also from later ones with its pid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub(crate) pid: u32,
    /// Seconds since 1970, as reported by the system.
    pub(crate) start_time: u64,
    pub(crate) exe: PathBuf,
}

/// A way to make a process end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Lets it finish its work first. Windows has no such signal: there this is `Kill`.
    Terminate,
    /// The signal of Ctrl-C. Windows cannot send it to one process.
    Interrupt,
    /// Ends it at once.
    Kill,
}

/// Returns the identity of a running process.
pub fn identify(pid: u32) -> anyhow::Result<Identity> {
    let system = snapshot(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]))?;
    system.process(Pid::from_u32(pid)).and_then(identity_of).ok_or_else(|| anyhow!("process {pid} is not running"))
}

/// Returns true if exactly this process is still running.
pub fn is_running(identity: &Identity) -> anyhow::Result<bool> {
    Ok(with_process(identity, |_| ())?.is_some())
}

/// Signals a process after verifying its identity. False if it is not running or the signal was not delivered.
pub fn request(identity: &Identity, request: Request) -> anyhow::Result<bool> {
    let sent = with_process(identity, |process| match request {
        Request::Terminate => process.kill_with(Signal::Term).unwrap_or_else(|| process.kill()),
        Request::Interrupt => process.kill_with(Signal::Interrupt).unwrap_or(false),
        Request::Kill => process.kill(),
    })?;
    Ok(sent.unwrap_or(false))
}

/// Returns all processes whose binary lies in a directory.
pub(crate) fn running_from(directory: &Path) -> anyhow::Result<Vec<Identity>> {
    let Ok(directory) = directory.canonicalize() else { return Ok(Vec::new()) };
    let system = snapshot(ProcessesToUpdate::All)?;
    Ok(system
        .processes()
        .values()
        .filter_map(identity_of)
        .filter(|identity| lies_in(&identity.exe, &directory))
        .collect())
}

/// Returns every process that a process started, and those that they started.
pub fn descendants(pid: u32) -> Vec<Identity> {
    let Ok(system) = snapshot(ProcessesToUpdate::All) else { return Vec::new() };
    let mut found = vec![Pid::from_u32(pid)];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = system.processes().iter().filter(|(_, process)| process.parent() == Some(parent));
        found.extend(children.map(|(pid, _)| *pid));
        next += 1;
    }
    found.iter().skip(1).filter_map(|pid| identity_of(system.process(*pid)?)).collect()
}

/// Returns the name of a running process, such as `node`.
pub(crate) fn name(pid: u32) -> Option<String> {
    let system = snapshot(ProcessesToUpdate::Some(&[Pid::from_u32(pid)])).ok()?;
    Some(system.process(Pid::from_u32(pid))?.name().to_string_lossy().into_owned())
}

/// Returns the resident memory of a process in bytes.
pub(crate) fn memory(identity: &Identity) -> Option<u64> {
    with_process(identity, Process::memory).ok().flatten()
}

/// Returns those variables of a running process that have one of these names. Empty if the process cannot be read.
pub(crate) fn variables(identity: &Identity, names: &[String]) -> BTreeMap<String, String> {
    let pid = Pid::from_u32(identity.pid);
    let details = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always).with_environ(UpdateKind::Always);
    let Ok(system) = snapshot_of(ProcessesToUpdate::Some(&[pid]), details.without_tasks()) else {
        return BTreeMap::new();
    };
    let process = system.process(pid);
    let process = process.filter(|process| identity_of(process).is_some_and(|found| is_same(&found, identity)));
    let variables = process.map(Process::environ).unwrap_or_default().iter();
    let variables = variables.filter_map(|variable| variable.to_str()?.split_once('='));
    let named = variables.filter(|(name, _)| names.iter().any(|wanted| wanted == name));
    named.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn with_process<T>(identity: &Identity, act: impl FnOnce(&Process) -> T) -> anyhow::Result<Option<T>> {
    let pid = Pid::from_u32(identity.pid);
    let system = snapshot(ProcessesToUpdate::Some(&[pid]))?;
    Ok(system
        .process(pid)
        .filter(|process| identity_of(process).is_some_and(|found| is_same(&found, identity)))
        .map(act))
}

fn snapshot(processes: ProcessesToUpdate<'_>) -> anyhow::Result<System> {
    let details = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always).with_memory().without_tasks();
    snapshot_of(processes, details)
}

fn snapshot_of(processes: ProcessesToUpdate<'_>, details: ProcessRefreshKind) -> anyhow::Result<System> {
    let mut system = System::new().context("cannot list the processes of this machine")?;
    system.refresh_processes_specifics(processes, true, details);
    Ok(system)
}

/// `None` for a process that has ended and waits for its parent to notice.
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

    fn this_process() -> Identity {
        identify(std::process::id()).unwrap()
    }

    #[test]
    fn pid_start_time_and_binary_identify_a_process() {
        assert!(is_running(&this_process()).unwrap());
        assert!(!is_running(&Identity { start_time: 1, ..this_process() }).unwrap());
        assert!(!is_running(&Identity { exe: "/elsewhere".into(), ..this_process() }).unwrap());
        assert!(!is_running(&Identity { pid: u32::MAX / 2, ..this_process() }).unwrap());
    }

    #[test]
    fn other_process_with_the_pid_is_not_signalled() {
        // A delivered signal would end this test.
        assert!(!request(&Identity { start_time: 1, ..this_process() }, Request::Kill).unwrap());
        assert!(!request(&Identity { exe: "/elsewhere".into(), ..this_process() }, Request::Kill).unwrap());
    }

    #[test]
    fn processes_are_found_by_their_directory() {
        let exe = this_process().exe;
        let found = running_from(exe.parent().unwrap()).unwrap();
        assert!(found.iter().any(|identity| identity.pid == std::process::id()));
        let empty = tempfile::tempdir().unwrap();
        assert!(running_from(empty.path()).unwrap().is_empty());
        assert!(running_from(Path::new("/no/such/directory")).unwrap().is_empty());
    }
}
