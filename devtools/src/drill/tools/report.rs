//! The figures of a drill of tools: as JSON for programs, as a table for people, and as an error if a guarantee was
//! violated.

use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;

use super::{
    audit::Audit,
    caller::{Outcome, Record},
    subject::Subject,
};
use crate::drill::figures::percentile;
use xtask::{
    columns,
    ui::{self, Tone},
};

/// The figures of one subject.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    tool: &'static str,
    calls: usize,
    acknowledged: usize,
    refused: usize,
    unknown: usize,
    repeated: usize,
    lost_on_purpose: usize,
    /// Requests to the table that met a fault.
    faults: usize,
    lost: u64,
    doubled: u64,
    foreign: u64,
    p50_ms: u128,
    p99_ms: u128,
    disturbances: Vec<String>,
    #[serde(skip)]
    examples: Vec<String>,
    #[serde(skip)]
    clean: bool,
}

impl Report {
    pub(super) fn new<'a>(
        subject: Subject,
        records: impl Iterator<Item = &'a Record>,
        audit: Audit,
        faults: usize,
        disturbances: Vec<String>,
    ) -> Self {
        let records: Vec<&Record> = records.collect();
        let count = |outcome| records.iter().filter(|record| record.outcome == outcome).count();
        let acknowledged = records.iter().filter(|record| record.outcome == Outcome::Acknowledged);
        let mut times: Vec<Duration> = acknowledged.map(|record| record.took).collect();
        Self {
            tool: subject.name(),
            calls: records.len(),
            acknowledged: count(Outcome::Acknowledged),
            refused: count(Outcome::Refused),
            unknown: count(Outcome::Unknown),
            repeated: records.iter().map(|record| record.attempts.saturating_sub(1)).sum(),
            lost_on_purpose: records.iter().filter(|record| record.lost).count(),
            faults,
            lost: audit.lost,
            doubled: audit.doubled,
            foreign: audit.foreign,
            p50_ms: percentile(&mut times, 50).unwrap_or_default().as_millis(),
            p99_ms: percentile(&mut times, 99).unwrap_or_default().as_millis(),
            disturbances,
            clean: audit.is_clean(),
            examples: audit.examples,
        }
    }

    /// Fails if a guarantee was violated.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        if self.clean {
            return Ok(());
        }
        let (lost, doubled, foreign) = (self.lost, self.doubled, self.foreign);
        let examples = self.examples.join("\n  ");
        Err(anyhow!("{}: {lost} lost, {doubled} doubled, {foreign} foreign\n  {examples}", self.tool))
    }

    /// Renders a column for each report.
    pub(crate) fn table(reports: &[Self]) -> String {
        type Figure = (&'static str, fn(&Report) -> String);
        let figures: [Figure; 12] = [
            ("tool", |report| report.tool.to_owned()),
            ("calls", |report| report.calls.to_string()),
            ("acknowledged", |report| report.acknowledged.to_string()),
            ("refused", |report| report.refused.to_string()),
            ("outcome unknown", |report| report.unknown.to_string()),
            ("repeated", |report| format!("{}, {} lost on purpose", report.repeated, report.lost_on_purpose)),
            ("faults of the table", |report| report.faults.to_string()),
            ("lost", |report| painted(report.lost)),
            ("doubled", |report| painted(report.doubled)),
            ("foreign", |report| painted(report.foreign)),
            ("p50", |report| format!("{} ms", report.p50_ms)),
            ("p99", |report| format!("{} ms", report.p99_ms)),
        ];
        let rows = figures
            .map(|(name, figure)| [name.to_owned()].into_iter().chain(reports.iter().map(figure)).collect::<Vec<_>>());
        columns::render(&rows)
    }
}

fn painted(count: u64) -> String {
    ui::paint(if count == 0 { Tone::Good } else { Tone::Bad }, &count.to_string())
}
