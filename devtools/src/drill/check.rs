//! Compares what clients were told with what they read afterwards: the promises, one by one. Asks nobody and prints nothing.
//!
//! A client asks for one thing at a time in a session that nobody else has, so its journal says what has to be stored at every
//! moment, but for calls that were never answered: they may have been done or not.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::journal::{Call, Journal};

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Breach {
    pub(crate) promise: Promise,
    /// TargetArgs client's, from 1.
    pub(crate) client: usize,
    pub(crate) note: String,
}

/// What may not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Promise {
    /// A note was acknowledged, and is not there though nobody deleted it.
    Lost,
    /// A note is there twice.
    Duplicated,
    /// A note is there before one that was acknowledged before it was asked for. Where replicas are on several hosts, that can be
    /// the difference of their clocks.
    OutOfOrder,
    /// A note is there that this client never wrote.
    Leaked,
    /// A note that was written after a reset is gone since that reset was repeated with its key.
    ResetTwice,
    /// A note is there that an acknowledged reset had deleted.
    CameBack,
}

/// Every promise, in the order in which they are told.
pub(crate) const PROMISES: [Promise; 6] =
    [Promise::Lost, Promise::Duplicated, Promise::OutOfOrder, Promise::Leaked, Promise::ResetTwice, Promise::CameBack];

impl Promise {
    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::OutOfOrder => "out of order",
            Self::Leaked => "leaked",
            Self::ResetTwice => "reset twice",
            Self::CameBack => "came back",
        }
    }
}

/// All that is wrong in any client's journal, each note once for each promise.
pub(super) fn judge<'a>(journals: impl IntoIterator<Item = &'a Journal>) -> Vec<Breach> {
    let mut breaches = BTreeSet::new();
    for (number, journal) in journals.into_iter().enumerate() {
        for (promise, note) in Session::follow(journal) {
            breaches.insert(Breach { promise, client: number + 1, note });
        }
    }
    breaches.into_iter().collect()
}

/// Where a note has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// There.
    Kept,
    /// There as well, though a reset from before it was repeated since.
    KeptThroughRepeat,
    /// There or not: nobody said.
    Unknown,
    /// Not there.
    Deleted,
}

/// What a session has to hold, as far as its client knows.
#[derive(Debug, Default)]
struct Session<'a> {
    /// In the order in which they were asked for.
    notes: Vec<(&'a str, Standing)>,
    /// The keys of resets that were acknowledged.
    resets: HashSet<&'a str>,
}

impl<'a> Session<'a> {
    /// Goes through a journal; what it finds at each reading.
    fn follow(journal: &'a Journal) -> Vec<(Promise, String)> {
        let mut session = Self::default();
        let mut found = Vec::new();
        for entry in &journal.entries {
            let answered = entry.answered.is_some();
            match &entry.call {
                Call::Add(note) => {
                    session.notes.push((note, if answered { Standing::Kept } else { Standing::Unknown }));
                }
                Call::Reset(key) => session.reset(key, answered),
                Call::Read(notes) if answered => session.compare(notes, &mut found),
                Call::Read(_) => {}
            }
        }
        found
    }

    fn reset(&mut self, key: &'a str, answered: bool) {
        let becomes = if self.resets.contains(key) {
            Standing::KeptThroughRepeat
        } else if answered {
            self.resets.insert(key);
            Standing::Deleted
        } else {
            Standing::Unknown
        };
        for (_, standing) in &mut self.notes {
            if matches!(standing, Standing::Kept | Standing::KeptThroughRepeat) {
                *standing = becomes;
            }
        }
    }

    fn compare(&self, stored: &[String], found: &mut Vec<(Promise, String)>) {
        let places: HashMap<&str, usize> = self.notes.iter().enumerate().map(|(at, (note, _))| (*note, at)).collect();
        let mut seen = HashSet::new();
        let mut latest = 0;
        for note in stored {
            let Some(&place) = places.get(note.as_str()) else {
                found.push((Promise::Leaked, note.clone()));
                continue;
            };
            if !seen.insert(note.as_str()) {
                found.push((Promise::Duplicated, note.clone()));
                continue;
            }
            match self.notes[place].1 {
                Standing::Deleted => found.push((Promise::CameBack, note.clone())),
                Standing::Unknown => {}
                _ if place < latest => found.push((Promise::OutOfOrder, note.clone())),
                _ => latest = place,
            }
        }
        for (note, standing) in self.notes.iter().filter(|(note, _)| !seen.contains(note)) {
            match standing {
                Standing::Kept => found.push((Promise::Lost, (*note).to_owned())),
                Standing::KeptThroughRepeat => found.push((Promise::ResetTwice, (*note).to_owned())),
                Standing::Unknown | Standing::Deleted => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
