//! The machine of a measurement, and its load.

use serde::{Deserialize, Serialize};
use sysinfo::System;

/// A machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gb: f64,
    pub(crate) system: String,
    /// The five-minute load average before the first server was started.
    pub(crate) load_before: f64,
    /// The five-minute load average after the last server was stopped.
    pub(crate) load_after: f64,
}

impl Machine {
    pub(crate) fn detect() -> anyhow::Result<Self> {
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
