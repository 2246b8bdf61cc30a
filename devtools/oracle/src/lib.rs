//! The test oracle: which notes a session must hold, given the responses that its client received.
//!
//! A client that has a session to itself and makes one call at a time knows what must be stored at every moment. Only
//! calls without a response leave that open: the service may have carried them out or not. [`check`] replays such a
//! history and reports each guarantee that a read violates. It performs no I/O, so the drill and the tests of the
//! service share it.
//!
//! ```
//! use oracle::{Call, Guarantee, check};
//!
//! let (one, two) = (Call::Add("one".to_owned()), Call::Add("two".to_owned()));
//! let read = Call::Read(vec!["two".to_owned()]);
//! // `two` had no response, so it may be stored. `one` was acknowledged and is missing.
//! let found = check([(&one, true), (&two, false), (&read, true)]);
//! assert!(found.into_iter().eq([(Guarantee::Lost, "one".to_owned())]));
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

/// A call on a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Adds a note. No two calls of a history add the same text.
    Add(String),
    /// Reads the whole session, with the notes that were read.
    Read(Vec<String>),
    /// Deletes all notes, with the call's idempotency key. A second reset with the key must delete nothing more.
    Reset(String),
}

/// A guarantee, named by its violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// An acknowledged note is missing although no reset deleted it.
    Lost,
    /// A note is stored twice.
    Duplicated,
    /// A note is stored before a note that was acknowledged before it was sent. With replicas on several hosts this
    /// can be clock skew.
    OutOfOrder,
    /// The session holds a note that its client never wrote.
    Leaked,
    /// A note written after a reset disappeared when that reset was repeated with its key.
    ResetTwice,
    /// The session holds a note that an acknowledged reset had deleted.
    CameBack,
}

impl Guarantee {
    /// Every guarantee, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Lost, Self::Duplicated, Self::OutOfOrder, Self::Leaked, Self::ResetTwice, Self::CameBack];

    /// The name in reports for people.
    pub fn name(self) -> &'static str {
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

/// Replays one client's calls, each with whether it was acknowledged. Returns each violated guarantee with the note,
/// once.
pub fn check<'a>(history: impl IntoIterator<Item = (&'a Call, bool)>) -> BTreeSet<(Guarantee, String)> {
    let mut session = Session::default();
    let mut violations = BTreeSet::new();
    for (call, acknowledged) in history {
        match call {
            Call::Add(note) => session.add(note, acknowledged),
            Call::Reset(key) => session.reset(key, acknowledged),
            Call::Read(stored) if acknowledged => session.compare(stored, &mut violations),
            Call::Read(_) => {}
        }
    }
    violations
}

/// The expected state of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoteState {
    Stored,
    /// Stored, although a reset from before the note was repeated since.
    StoredThroughRepeat,
    /// Stored or not: the call that decides it had no response.
    Unknown,
    Deleted,
}

/// The session as its client expects it.
#[derive(Debug, Default)]
struct Session<'a> {
    /// In the order in which they were sent.
    notes: Vec<(&'a str, NoteState)>,
    /// Keys of acknowledged resets.
    resets: HashSet<&'a str>,
}

impl<'a> Session<'a> {
    fn add(&mut self, note: &'a str, acknowledged: bool) {
        self.notes.push((note, if acknowledged { NoteState::Stored } else { NoteState::Unknown }));
    }

    fn reset(&mut self, key: &'a str, acknowledged: bool) {
        let next = if self.resets.contains(key) {
            NoteState::StoredThroughRepeat
        } else if acknowledged {
            self.resets.insert(key);
            NoteState::Deleted
        } else {
            NoteState::Unknown
        };
        for (_, state) in &mut self.notes {
            if matches!(state, NoteState::Stored | NoteState::StoredThroughRepeat) {
                *state = next;
            }
        }
    }

    fn compare(&self, stored: &[String], violations: &mut BTreeSet<(Guarantee, String)>) {
        let positions: HashMap<&str, usize> =
            self.notes.iter().enumerate().map(|(position, (note, _))| (*note, position)).collect();
        let mut violated = |guarantee, note: &str| {
            violations.insert((guarantee, note.to_owned()));
        };
        let mut seen = HashSet::new();
        let mut newest = 0;
        for note in stored {
            let Some(&position) = positions.get(note.as_str()) else {
                violated(Guarantee::Leaked, note);
                continue;
            };
            if !seen.insert(note.as_str()) {
                violated(Guarantee::Duplicated, note);
                continue;
            }
            match self.notes[position].1 {
                NoteState::Deleted => violated(Guarantee::CameBack, note),
                // The service may have stored it at any time since it was sent.
                NoteState::Unknown => {}
                _ if position < newest => violated(Guarantee::OutOfOrder, note),
                _ => newest = position,
            }
        }
        for (note, state) in self.notes.iter().filter(|(note, _)| !seen.contains(note)) {
            match state {
                NoteState::Stored => violated(Guarantee::Lost, note),
                NoteState::StoredThroughRepeat => violated(Guarantee::ResetTwice, note),
                NoteState::Unknown | NoteState::Deleted => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
