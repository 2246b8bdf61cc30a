//! What a process has used of the machine: CPU time and memory. No contestant has children.

use std::time::Duration;

use anyhow::{Context, anyhow};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// A look at a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    /// CPU time since it began, in user and system; to 10 ms.
    pub(crate) cpu: Duration,
    /// Memory that is in RAM.
    pub(crate) resident_bytes: u64,
}

/// Looks at a process of this machine.
pub(crate) fn of(pid: u32) -> anyhow::Result<Usage> {
    let mut system = System::new().context("cannot look at the processes of this machine")?;
    let pid = Pid::from_u32(pid);
    let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    let process = system.process(pid).ok_or_else(|| anyhow!("process {pid} is gone"))?;
    Ok(Usage { cpu: Duration::from_millis(process.accumulated_cpu_time()), resident_bytes: process.memory() })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_shows_as_cpu_time() {
        let before = of(std::process::id()).unwrap();
        let started = Instant::now();
        let mut sum = 0_u64;
        // Tests run beside this one: their time is ours, too, so only more can be asked for.
        while of(std::process::id()).unwrap().cpu < before.cpu + Duration::from_millis(50) {
            sum = sum.wrapping_add(std::hint::black_box(1));
            assert!(started.elapsed() < Duration::from_secs(60), "no CPU time was seen in a minute");
        }
        assert!(before.resident_bytes > 0);
    }
}
