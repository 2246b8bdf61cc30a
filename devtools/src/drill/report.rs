//! What came of a drill: for programs as JSON, for people as a table; and whether every promise was kept.

use std::{collections::BTreeMap, time::Duration};

use anyhow::anyhow;
use serde::Serialize;

use super::{
    check::{self, Breach, PROMISES, Promise},
    figures::{longest_gap, percentile},
    journal::{Entry, Journal},
};
use xtask::{
    columns,
    error::ErrorExt,
    ui::{self, Tone},
};

/// How many breaches an error names.
const NAMED: usize = 10;

/// All that was seen.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    clients: usize,
    seconds: f64,
    /// Repetitions are no calls of their own.
    calls: usize,
    acknowledged: usize,
    repeated: usize,
    /// Answered as they had been before, by what the service remembers of them.
    replayed: usize,
    lost_on_purpose: usize,
    /// What clients saw in the place of an answer that they were waiting for.
    errors: BTreeMap<String, usize>,
    #[serde(flatten)]
    breached: Breached,
    /// From asking to the acknowledgement, repetitions included; without what was lost on purpose.
    p50_ms: f64,
    p99_ms: f64,
    /// In which no client was acknowledged anything.
    longest_gap_ms: f64,
    /// What happened to the service meanwhile.
    disturbances: Vec<String>,
    breaches: Vec<Breach>,
}

/// How often each promise was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Breached {
    lost: usize,
    duplicated: usize,
    out_of_order: usize,
    leaked: usize,
    reset_twice: usize,
    came_back: usize,
}

impl Report {
    pub(super) fn of(journals: &[Journal], worked: Duration) -> Self {
        let entries: Vec<&Entry> = journals.iter().flat_map(|journal| &journal.entries).collect();
        let began = entries.iter().map(|entry| entry.asked).min().unwrap_or_default();
        let answered: Vec<(&Entry, Duration)> =
            entries.iter().filter_map(|entry| Some((*entry, entry.answered?))).collect();
        let undisturbed = answered.iter().filter(|(entry, _)| !entry.lost);
        let mut took: Vec<Duration> = undisturbed.map(|(entry, at)| at.saturating_sub(entry.asked)).collect();
        let moments = answered.iter().map(|(_, at)| *at).collect();
        let mut errors = BTreeMap::new();
        for (kind, count) in journals.iter().flat_map(|journal| &journal.errors) {
            *errors.entry(kind.clone()).or_default() += count;
        }
        let breaches = check::judge(journals);
        Self {
            clients: journals.len(),
            seconds: (worked.saturating_sub(began).as_secs_f64() * 10.0).round() / 10.0,
            calls: entries.len(),
            acknowledged: answered.len(),
            repeated: entries.iter().map(|entry| entry.sent.saturating_sub(1)).sum(),
            replayed: journals.iter().map(|journal| journal.replayed).sum(),
            lost_on_purpose: entries.iter().filter(|entry| entry.lost).count(),
            errors,
            breached: Breached::count(&breaches),
            p50_ms: percentile(&mut took, 50).map_or(0.0, millis),
            p99_ms: percentile(&mut took, 99).map_or(0.0, millis),
            longest_gap_ms: millis(longest_gap(moments, began, worked)),
            disturbances: Vec::new(),
            breaches,
        }
    }

    /// The same, with what happened to the service.
    pub(crate) fn under(self, disturbances: Vec<String>) -> Self {
        Self { disturbances, ..self }
    }

    /// A row for each figure.
    pub(crate) fn table(&self) -> String {
        let errors: Vec<String> = self.errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let errors = if errors.is_empty() { "none".to_owned() } else { errors.join(", ") };
        let before = [
            ("clients", format!("{} for {:.1} s", self.clients, self.seconds)),
            ("calls", self.calls.to_string()),
            ("acknowledged", self.acknowledged.to_string()),
            ("repeated", format!("{}, of which {} answered as before", self.repeated, self.replayed)),
            ("lost on purpose", self.lost_on_purpose.to_string()),
            ("errors seen", errors),
        ];
        let judged = PROMISES.map(|promise| {
            let count = self.breached.of(promise);
            let tone = if count == 0 { Tone::Good } else { Tone::Bad };
            (promise.name(), ui::paint(tone, &count.to_string()))
        });
        let after = [
            ("p50", format!("{:.1} ms", self.p50_ms)),
            ("p99", format!("{:.1} ms", self.p99_ms)),
            ("longest gap", format!("{:.1} ms", self.longest_gap_ms)),
        ];
        let rows = before.into_iter().chain(judged).chain(after);
        columns::render(&rows.map(|(name, value)| vec![name.to_owned(), value]).collect::<Vec<_>>())
    }

    /// One line.
    pub(crate) fn summary(&self) -> String {
        let judged: Vec<String> =
            PROMISES.map(|promise| format!("{} {}", self.breached.of(promise), promise.name())).to_vec();
        format!(
            "{} calls by {} clients, {} lost on purpose, {} repeated: {}; longest gap {:.1} s",
            self.calls,
            self.clients,
            self.lost_on_purpose,
            self.repeated,
            judged.join(", "),
            self.longest_gap_ms / 1_000.0
        )
    }

    /// Fails with the notes that a promise was broken for, if any was.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        if self.breaches.is_empty() {
            return Ok(());
        }
        let line =
            |breach: &Breach| format!("\n  {}: {} of client {}", breach.promise.name(), breach.note, breach.client);
        let mut named: String = self.breaches.iter().take(NAMED).map(line).collect();
        if self.breaches.len() > NAMED {
            named += &format!("\n  and {} more", self.breaches.len() - NAMED);
        }
        Err(anyhow!("{} notes are not what clients were told{named}", self.breaches.len())).hint(
            "a note's name ends with the number of its call; the same call is made at the same point of every drill",
        )
    }
}

impl Breached {
    fn count(breaches: &[Breach]) -> Self {
        let count = |promise| breaches.iter().filter(|breach| breach.promise == promise).count();
        Self {
            lost: count(Promise::Lost),
            duplicated: count(Promise::Duplicated),
            out_of_order: count(Promise::OutOfOrder),
            leaked: count(Promise::Leaked),
            reset_twice: count(Promise::ResetTwice),
            came_back: count(Promise::CameBack),
        }
    }

    fn of(self, promise: Promise) -> usize {
        match promise {
            Promise::Lost => self.lost,
            Promise::Duplicated => self.duplicated,
            Promise::OutOfOrder => self.out_of_order,
            Promise::Leaked => self.leaked,
            Promise::ResetTwice => self.reset_twice,
            Promise::CameBack => self.came_back,
        }
    }
}

/// To a tenth.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::journal::Call;

    fn entry(call: Call, asked: u64, answered: Option<u64>) -> Entry {
        let at = Duration::from_millis;
        Entry { answered: answered.map(at), sent: 1, ..Entry::begun(call, at(asked)) }
    }

    fn journal(read: &[&str]) -> Journal {
        let read = Call::Read(read.iter().map(|note| (*note).to_owned()).collect());
        let repeated = Entry { sent: 3, lost: true, ..entry(Call::Add("b".to_owned()), 20, Some(520)) };
        let entries = vec![entry(Call::Add("a".to_owned()), 10, Some(14)), repeated, entry(read, 530, Some(532))];
        Journal { entries, errors: BTreeMap::from([("timed out".to_owned(), 2)]), ..Journal::default() }
    }

    #[test]
    fn the_figures_are_those_of_the_journals() {
        let report = Report::of(&[journal(&["a", "b"]), journal(&["a", "b"])], Duration::from_millis(600));
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
    fn a_broken_promise_fails_with_the_note() {
        let report = Report::of(&[journal(&["a", "b"]), journal(&["b", "b", "z"])], Duration::from_millis(600));
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
