//! Runs the load generator `bench-load` and samples the server's memory meanwhile.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};
use bench_load::{Plan, Report};

use super::measured_server::MeasuredServer;
use xtask::{
    cargo::build::Built,
    process::{self, CommandLine},
};

/// Interval between two samples.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

/// The binary, and the directory of its plans and reports.
#[derive(Debug)]
pub(crate) struct LoadGenerator {
    line: CommandLine,
    directory: PathBuf,
}

/// The result of a plan: the report, and the server's usage.
#[derive(Debug, Clone)]
pub(crate) struct LoadResult {
    pub(crate) report: Report,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_bytes: u64,
}

impl LoadResult {
    pub(crate) fn cpu_per_1000(&self) -> f64 {
        self.cpu_seconds * 1000.0 / (self.report.requests as f64)
    }
}

impl LoadGenerator {
    pub(crate) fn new(built: &Built, directory: &Path) -> anyhow::Result<Self> {
        Ok(Self { line: CommandLine::new(built.executable("bench-load")?), directory: directory.to_owned() })
    }

    /// Runs a plan to its end. Fails on a wrong response.
    pub(crate) fn drive(&self, server: &MeasuredServer, plan: &Plan) -> anyhow::Result<LoadResult> {
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
            std::thread::sleep(SAMPLE_INTERVAL);
            peak_bytes = peak_bytes.max(server.usage()?.resident_bytes);
        };
        let cpu_seconds = (server.usage()?.cpu - before.cpu).as_secs_f64();
        let text = fs::read_to_string(&output).unwrap_or_default();
        if !status.success() {
            return Err(anyhow!("{}", text.trim()));
        }
        let report = serde_json::from_str(&text).with_context(|| format!("cannot parse the load report: {text}"))?;
        Ok(LoadResult { report, cpu_seconds, peak_bytes })
    }
}
