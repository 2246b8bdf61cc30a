//! The comparison of what is stored with what was acknowledged.

use std::collections::BTreeMap;

use super::{
    caller::{Outcome, Record},
    subject::{Stored, Subject},
};

/// The violations that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Audit {
    /// Acknowledged calls that are not stored.
    pub(super) lost: u64,
    /// Effects beyond one for each call.
    pub(super) doubled: u64,
    /// Effects of calls that this principal never made.
    pub(super) foreign: u64,
    /// One violation of each kind, for the report.
    pub(super) examples: Vec<String>,
}

impl Audit {
    /// Adds the violations in the state of one principal.
    pub(super) fn check<'a>(&mut self, subject: Subject, records: impl Iterator<Item = &'a Record>, stored: &Stored) {
        let records: BTreeMap<&str, &Record> = records.map(|record| (record.id.as_str(), record)).collect();
        match stored {
            Stored::Items(items) => self.check_items(&records, items),
            Stored::Sum(sum) => self.check_sum(subject, &records, *sum),
        }
    }

    fn check_items(&mut self, records: &BTreeMap<&str, &Record>, items: &BTreeMap<String, u64>) {
        for (id, record) in records {
            match items.get(*id).copied().unwrap_or_default() {
                0 if record.outcome == Outcome::Acknowledged => {
                    self.lost += 1;
                    self.example(self.lost, format!("lost: {id}"));
                }
                0 | 1 => {}
                quantity => {
                    self.doubled += quantity - 1;
                    self.example(self.doubled, format!("doubled: {id} is stored {quantity} times"));
                }
            }
        }
        for item in items.keys().filter(|item| !records.contains_key(item.as_str())) {
            self.foreign += 1;
            self.example(self.foreign, format!("foreign: {item}"));
        }
    }

    /// Compares a sum. Without the names of its parts, a lost one may hide a doubled one.
    fn check_sum(&mut self, subject: Subject, records: &BTreeMap<&str, &Record>, sum: u64) {
        let count = |outcome| records.values().filter(|record| record.outcome == outcome).count() as u64;
        let (least, most) = (count(Outcome::Acknowledged), count(Outcome::Acknowledged) + count(Outcome::Unknown));
        self.lost += least.saturating_sub(sum);
        self.doubled += sum.saturating_sub(most);
        if !(least..=most).contains(&sum) {
            self.examples.push(format!("{}: {sum} instead of {least} to {most}", subject.name()));
        }
    }

    fn example(&mut self, number: u64, text: String) {
        if number == 1 {
            self.examples.push(text);
        }
    }

    pub(super) fn is_clean(&self) -> bool {
        (self.lost, self.doubled, self.foreign) == (0, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn record(id: &str, outcome: Outcome) -> Record {
        Record { id: id.to_owned(), outcome, attempts: 1, took: Duration::ZERO, lost: false }
    }

    fn records() -> [Record; 4] {
        [
            record("a", Outcome::Acknowledged),
            record("b", Outcome::Acknowledged),
            record("c", Outcome::Unknown),
            record("d", Outcome::Refused),
        ]
    }

    fn counts(subject: Subject, stored: &Stored) -> (u64, u64, u64) {
        let mut audit = Audit::default();
        audit.check(subject, records().iter(), stored);
        (audit.lost, audit.doubled, audit.foreign)
    }

    #[test]
    fn items_are_compared_by_name() {
        let items = |items: &[(&str, u64)]| Stored::Items(items.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect());
        assert_eq!(counts(Subject::Cart, &items(&[("a", 1), ("b", 1)])), (0, 0, 0));
        assert_eq!(counts(Subject::Cart, &items(&[("a", 1), ("b", 1), ("c", 1)])), (0, 0, 0));
        assert_eq!(counts(Subject::Cart, &items(&[("a", 3), ("c", 2), ("z", 1)])), (1, 3, 1));
    }

    #[test]
    fn sum_lies_between_acknowledged_and_possible() {
        for (sum, expected) in [(1, (1, 0, 0)), (2, (0, 0, 0)), (3, (0, 0, 0)), (4, (0, 1, 0))] {
            assert_eq!(counts(Subject::Meter, &Stored::Sum(sum)), expected, "{sum}");
        }
    }
}
