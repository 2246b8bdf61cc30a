//! What the figures were measured on, and how busy it was.

use serde::{Deserialize, Serialize};
use sysinfo::System;

/// The machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gb: f64,
    pub(crate) system: String,
    /// What else ran: the load average of five minutes, before the first server was started and after the last.
    pub(crate) load_before: f64,
    pub(crate) load_after: f64,
}

impl Machine {
    pub(crate) fn look() -> anyhow::Result<Self> {
        let mut system = System::new()?;
        system.refresh_cpu_all();
        system.refresh_memory();
        let name = System::name().unwrap_or_default();
        let version = System::os_version().unwrap_or_default();
        Ok(Self {
            cpu: system.cpus().first().map_or_else(String::new, |cpu| cpu.brand().to_owned()),
            cores: system.cpus().len(),
            memory_gb: system.total_memory() as f64 / 1e9,
            system: format!("{name} {version} {}", System::cpu_arch()),
            load_before: load_average(),
            load_after: 0.0,
        })
    }
}

pub(crate) fn load_average() -> f64 {
    System::load_average().map_or(0.0, |average| average.five)
}
