//! The record of one client's calls and the responses that it received. The oracle checks it.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use oracle::Call;

/// A client's journal.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    /// The session, which this client alone uses. `None` until the service has created one.
    pub(super) session: Option<String>,
    /// In the order in which they were sent: a client makes one call at a time.
    pub(super) entries: Vec<Entry>,
    /// Failed attempts by kind.
    pub(super) errors: BTreeMap<String, usize>,
    /// Responses that the service marked as replayed.
    pub(super) replayed: usize,
}

/// One call, with all its repetitions.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) call: Call,
    /// Time of the first attempt, since the drill began.
    pub(super) started: Duration,
    /// Time of the acknowledgement, if one came.
    pub(super) acknowledged: Option<Duration>,
    /// Number of attempts.
    pub(super) sent: usize,
    /// The first response was lost on purpose.
    pub(super) lost: bool,
}

impl Journal {
    /// Counts the acknowledged calls of a kind.
    pub(super) fn count_acknowledged(&self, kind: fn(&Call) -> bool) -> usize {
        self.entries.iter().filter(|entry| entry.acknowledged.is_some() && kind(&entry.call)).count()
    }

    /// True if two acknowledged resets have the same key.
    pub(super) fn repeats_reset(&self) -> bool {
        let mut keys = HashSet::new();
        let resets = self.entries.iter().filter(|entry| entry.acknowledged.is_some());
        resets
            .filter_map(|entry| if let Call::Reset(key) = &entry.call { Some(key) } else { None })
            .any(|key| !keys.insert(key))
    }

    /// The calls as the oracle reads them.
    pub(super) fn history(&self) -> impl Iterator<Item = (&Call, bool)> {
        self.entries.iter().map(|entry| (&entry.call, entry.acknowledged.is_some()))
    }
}

impl Entry {
    pub(super) fn new(call: Call, started: Duration) -> Self {
        Self { call, started, acknowledged: None, sent: 0, lost: false }
    }
}
