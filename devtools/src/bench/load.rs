//! Lets the load's binary drive a plan, and watches the server meanwhile.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};
use bench_load::{Plan, Report};

use super::running::Running;
use xtask::{
    cargo,
    process::{self, CommandLine},
};

/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The binary, and where its plans and reports lie.
#[derive(Debug)]
pub(crate) struct Load {
    line: CommandLine,
    directory: PathBuf,
}

/// A driven plan, with what it took of the server.
#[derive(Debug, Clone)]
pub(crate) struct Driven {
    pub(crate) report: Report,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_bytes: u64,
}

impl Driven {
    pub(crate) fn cpu_per_1000(&self) -> f64 {
        self.cpu_seconds * 1000.0 / (self.report.requests as f64)
    }
}

impl Load {
    pub(crate) fn new(target: &Path, directory: &Path) -> Self {
        Self { line: CommandLine::new(cargo::release_binary(target, "bench-load")), directory: directory.to_owned() }
    }

    /// Drives a plan to its end; a wrong answer is an error.
    pub(crate) fn drive(&self, server: &Running, plan: &Plan) -> anyhow::Result<Driven> {
        let (input, output) = (self.directory.join("plan.json"), self.directory.join("report.json"));
        fs::write(&input, serde_json::to_vec(plan)?).with_context(|| format!("cannot write {}", input.display()))?;
        let log = File::create(&output).with_context(|| format!("cannot write {}", output.display()))?;
        let before = server.usage()?;
        let mut child = process::start_with(&self.line, &log, Some(File::open(&input)?))?;
        let mut peak_bytes = before.resident_bytes;
        let status = loop {
            if let Some(status) = child.try_wait().context("cannot wait for the load")? {
                break status;
            }
            std::thread::sleep(LOOK);
            peak_bytes = peak_bytes.max(server.usage()?.resident_bytes);
        };
        let cpu_seconds = (server.usage()?.cpu - before.cpu).as_secs_f64();
        let said = fs::read_to_string(&output).unwrap_or_default();
        if !status.success() {
            return Err(anyhow!("{}", said.trim()));
        }
        let report = serde_json::from_str(&said).with_context(|| format!("cannot read the load's report: {said}"))?;
        Ok(Driven { report, cpu_seconds, peak_bytes })
    }
}
