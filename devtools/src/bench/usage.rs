//! CPU time and memory of a process. No measured server has child processes.

use std::time::Duration;

use anyhow::{Context, anyhow};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// The usage of a process at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    /// User and system time since the process started, with a resolution of 10 ms.
    pub(crate) cpu: Duration,
    pub(crate) resident_bytes: u64,
}

/// Reads the usage of a process.
pub(crate) fn read(pid: u32) -> anyhow::Result<Usage> {
    let mut system = System::new().context("cannot read this machine's processes")?;
    let pid = Pid::from_u32(pid);
    let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    let process = system.process(pid).ok_or_else(|| anyhow!("process {pid} has exited"))?;
    Ok(Usage { cpu: Duration::from_millis(process.accumulated_cpu_time()), resident_bytes: process.memory() })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_increases_cpu_time() {
        let before = read(std::process::id()).unwrap();
        let started = Instant::now();
        let mut sum = 0_u64;
        // Other tests of this process add to its time, so only a lower bound can be expected.
        while read(std::process::id()).unwrap().cpu < before.cpu + Duration::from_millis(50) {
            sum = sum.wrapping_add(std::hint::black_box(1));
            assert!(started.elapsed() < Duration::from_secs(60), "no CPU time counted within a minute");
        }
        assert!(before.resident_bytes > 0);
    }
}
