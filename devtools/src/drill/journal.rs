//! What one client asked for, and what it was told. Judges nothing.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// A client's journal.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    /// The session that this client alone uses; none yet for who has to be given one.
    pub(super) session: Option<String>,
    /// In the order in which it was asked: a client asks for one thing at a time.
    pub(super) entries: Vec<Entry>,
    /// What came in the place of an answer, and how often.
    pub(super) errors: BTreeMap<String, usize>,
    /// How many answers the service gave again because it had given them before.
    pub(super) replayed: usize,
}

/// One call, with all its repetitions.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) call: Call,
    /// Since the drill began.
    pub(super) asked: Duration,
    /// When the acknowledgement came, if one came.
    pub(super) answered: Option<Duration>,
    /// How often it was sent.
    pub(super) sent: usize,
    /// Its first answer was lost on purpose.
    pub(super) lost: bool,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// No note is ever written by two calls.
    Add(String),
    /// With what was read.
    Read(Vec<String>),
    /// With its key; one that was there before repeats what was answered before.
    Reset(String),
}

impl Journal {
    /// How many calls of a kind were acknowledged.
    pub(super) fn answered(&self, kind: fn(&Call) -> bool) -> usize {
        self.entries.iter().filter(|entry| entry.answered.is_some() && kind(&entry.call)).count()
    }

    /// Whether a reset was asked for again, as another call with its key, after it had been acknowledged.
    pub(super) fn repeats_a_reset(&self) -> bool {
        let mut keys = HashSet::new();
        let resets = self.entries.iter().filter(|entry| entry.answered.is_some());
        resets
            .filter_map(|entry| if let Call::Reset(key) = &entry.call { Some(key) } else { None })
            .any(|key| !keys.insert(key))
    }
}

impl Entry {
    pub(super) fn begun(call: Call, asked: Duration) -> Self {
        Self { call, asked, answered: None, sent: 0, lost: false }
    }
}
