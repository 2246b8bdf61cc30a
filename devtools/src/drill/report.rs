//! The report of a drill: as JSON for programs, as a table for people, and as an error if a guarantee was violated.

use std::{collections::BTreeMap, time::Duration};

use anyhow::anyhow;
use oracle::Guarantee;
use serde::Serialize;

use super::{
    figures::{longest_gap, percentile},
    journal::{Entry, Journal},
};
use xtask::{
    columns,
    error::ErrorExt,
    ui::{self, Tone},
};

/// Limit for the violations that an error lists.
const MAX_LISTED: usize = 10;

/// The figures of a drill.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    clients: usize,
    seconds: f64,
    /// Without repetitions.
    calls: usize,
    acknowledged: usize,
    repeated: usize,
    /// Responses that the service gave again from its idempotency records.
    replayed: usize,
    lost_on_purpose: usize,
    /// Failed attempts by kind, without those that were lost on purpose.
    errors: BTreeMap<String, usize>,
    #[serde(flatten)]
    counts: ViolationCounts,
    /// Time from the first attempt to the acknowledgement, without calls whose response was lost on purpose.
    p50_ms: f64,
    p99_ms: f64,
    /// Longest time without an acknowledgement to any client.
    longest_gap_ms: f64,
    disturbances: Vec<String>,
    #[serde(rename = "breaches")]
    violations: Vec<Violation>,
}

/// A violated guarantee.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Violation {
    #[serde(rename = "promise")]
    guarantee: Guarantee,
    /// The client's number, from 1.
    client: usize,
    note: String,
}

/// The number of violations of each guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct ViolationCounts {
    lost: usize,
    duplicated: usize,
    out_of_order: usize,
    leaked: usize,
    reset_twice: usize,
    came_back: usize,
}

impl Report {
    pub(super) fn new(journals: &[Journal], worked: Duration) -> Self {
        let entries: Vec<&Entry> = journals.iter().flat_map(|journal| &journal.entries).collect();
        let began = entries.iter().map(|entry| entry.started).min().unwrap_or_default();
        let acknowledged: Vec<(&Entry, Duration)> =
            entries.iter().filter_map(|entry| Some((*entry, entry.acknowledged?))).collect();
        let timed = acknowledged.iter().filter(|(entry, _)| !entry.lost);
        let mut durations: Vec<Duration> = timed.map(|(entry, at)| at.saturating_sub(entry.started)).collect();
        let moments = acknowledged.iter().map(|(_, at)| *at).collect();
        let mut errors = BTreeMap::new();
        for (kind, count) in journals.iter().flat_map(|journal| &journal.errors) {
            *errors.entry(kind.clone()).or_default() += count;
        }
        let violations = violations(journals);
        Self {
            clients: journals.len(),
            seconds: (worked.saturating_sub(began).as_secs_f64() * 10.0).round() / 10.0,
            calls: entries.len(),
            acknowledged: acknowledged.len(),
            repeated: entries.iter().map(|entry| entry.sent.saturating_sub(1)).sum(),
            replayed: journals.iter().map(|journal| journal.replayed).sum(),
            lost_on_purpose: entries.iter().filter(|entry| entry.lost).count(),
            errors,
            counts: ViolationCounts::new(&violations),
            p50_ms: percentile(&mut durations, 50).map_or(0.0, millis),
            p99_ms: percentile(&mut durations, 99).map_or(0.0, millis),
            longest_gap_ms: millis(longest_gap(moments, began, worked)),
            disturbances: Vec::new(),
            violations,
        }
    }

    pub(crate) fn with_disturbances(self, disturbances: Vec<String>) -> Self {
        Self { disturbances, ..self }
    }

    /// Renders a row for each figure.
    pub(crate) fn table(&self) -> String {
        let errors: Vec<String> = self.errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join(", ") };
        let before = [
            ("clients", format!("{} for {:.1} s", self.clients, self.seconds)),
            ("calls", self.calls.to_string()),
            ("acknowledged", self.acknowledged.to_string()),
            ("repeated", format!("{}, of which {} replayed by the service", self.repeated, self.replayed)),
            ("lost on purpose", self.lost_on_purpose.to_string()),
            ("errors seen", errors),
        ];
        let guarantees = Guarantee::ALL.map(|guarantee| {
            let count = self.counts.get(guarantee);
            let tone = if count == 0 { Tone::Good } else { Tone::Bad };
            (guarantee.name(), ui::paint(tone, &count.to_string()))
        });
        let after = [
            ("p50", format!("{:.1} ms", self.p50_ms)),
            ("p99", format!("{:.1} ms", self.p99_ms)),
            ("longest gap", format!("{:.1} ms", self.longest_gap_ms)),
        ];
        let rows = before.into_iter().chain(guarantees).chain(after);
        columns::render(&rows.map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>())
    }

    /// Summarizes the report in one line.
    pub(crate) fn summary(&self) -> String {
        let guarantees: Vec<String> =
            Guarantee::ALL.map(|guarantee| format!("{} {}", self.counts.get(guarantee), guarantee.name())).to_vec();
        format!(
            "{} calls by {} clients, {} lost on purpose, {} repeated: {}; longest gap {:.1} s",
            self.calls,
            self.clients,
            self.lost_on_purpose,
            self.repeated,
            guarantees.join(", "),
            self.longest_gap_ms / 1_000.0
        )
    }

    /// Fails if a guarantee was violated, with the notes that violate it.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        if self.violations.is_empty() {
            return Ok(());
        }
        let line = |violation: &Violation| {
            format!("\n  {}: {} of client {}", violation.guarantee.name(), violation.note, violation.client)
        };
        let mut listed: String = self.violations.iter().take(MAX_LISTED).map(line).collect();
        if self.violations.len() > MAX_LISTED {
            listed += &format!("\n  and {} more", self.violations.len() - MAX_LISTED);
        }
        Err(anyhow!("{} notes violate a guarantee{listed}", self.violations.len())).hint(
            "rerun `cargo xtask drill` to reproduce it: every drill makes the same calls, and a note ends with the \
             number of its call",
        )
    }
}

/// Checks every journal with the oracle.
fn violations(journals: &[Journal]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (number, journal) in journals.iter().enumerate() {
        let found = oracle::check(journal.history()).into_iter();
        violations.extend(found.map(|(guarantee, note)| Violation { guarantee, client: number + 1, note }));
    }
    violations.sort();
    violations
}

impl ViolationCounts {
    fn new(violations: &[Violation]) -> Self {
        let count = |guarantee| violations.iter().filter(|violation| violation.guarantee == guarantee).count();
        Self {
            lost: count(Guarantee::Lost),
            duplicated: count(Guarantee::Duplicated),
            out_of_order: count(Guarantee::OutOfOrder),
            leaked: count(Guarantee::Leaked),
            reset_twice: count(Guarantee::ResetTwice),
            came_back: count(Guarantee::CameBack),
        }
    }

    fn get(self, guarantee: Guarantee) -> usize {
        match guarantee {
            Guarantee::Lost => self.lost,
            Guarantee::Duplicated => self.duplicated,
            Guarantee::OutOfOrder => self.out_of_order,
            Guarantee::Leaked => self.leaked,
            Guarantee::ResetTwice => self.reset_twice,
            Guarantee::CameBack => self.came_back,
        }
    }
}

/// Milliseconds, rounded to a tenth.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use oracle::Call;

    use super::*;

    fn entry(call: Call, started: u64, acknowledged: Option<u64>) -> Entry {
        let at = Duration::from_millis;
        Entry { acknowledged: acknowledged.map(at), sent: 1, ..Entry::new(call, at(started)) }
    }

    fn journal(read: &[&str]) -> Journal {
        let read = Call::Read(read.iter().map(|note| (*note).to_owned()).collect());
        let repeated = Entry { sent: 3, lost: true, ..entry(Call::Add("b".to_owned()), 20, Some(520)) };
        let entries = vec![entry(Call::Add("a".to_owned()), 10, Some(14)), repeated, entry(read, 530, Some(532))];
        Journal { entries, errors: BTreeMap::from([("timed out".to_owned(), 2)]), ..Journal::default() }
    }

    #[test]
    fn figures_come_from_the_journals() {
        let report = Report::new(&[journal(&["a", "b"]), journal(&["a", "b"])], Duration::from_millis(600));
        let json = serde_json::to_value(&report).unwrap();
        for (key, value) in [("calls", 6), ("acknowledged", 6), ("repeated", 4), ("lost_on_purpose", 2), ("lost", 0)] {
            assert_eq!(json[key], value, "{key}");
        }
        assert_eq!((&json["p99_ms"], &json["longest_gap_ms"]), (&4.0.into(), &506.0.into()));
        assert_eq!(json["errors"]["timed out"], 4);
        assert!(report.verdict().is_ok());
        assert!(report.table().contains("errors seen      4 timed out"), "{}", report.table());
    }

    #[test]
    fn violation_fails_with_client_and_note() {
        let report = Report::new(&[journal(&["a", "b"]), journal(&["b", "b", "z"])], Duration::from_millis(600));
        let json = serde_json::to_value(&report).unwrap();
        for (key, value) in [("lost", 1), ("duplicated", 1), ("leaked", 1), ("out_of_order", 0)] {
            assert_eq!(json[key], value, "{key}");
        }
        let error = report.verdict().unwrap_err().to_string();
        for line in ["3 notes", "lost: a of client 2", "duplicated: b of client 2", "leaked: z of client 2"] {
            assert!(error.contains(line), "{error}");
        }
    }
}
