//! The order of the updates of one item within this replica.
//!
//! Only the table decides which update applies. Updates of one replica that take turns spare each other the conflict,
//! the request and its cost. A turn is waited for in the order of arrival, and only for a short time, so that an update
//! that waits for a failing table does not hold up the others until their deadlines.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// The number of locks. Items with the same lock take turns, too.
const LOCKS: usize = 64;
/// The longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// The locks of all items.
#[derive(Debug, Clone)]
pub(in crate::store) struct Turns {
    locks: Arc<[Arc<Mutex<()>>]>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { locks: (0..LOCKS).map(|_| Arc::default()).collect(), hasher: RandomState::new() }
    }
}

impl Turns {
    /// Waits for the turn of an update of the item. Returns `None` after [`PATIENCE`].
    pub(super) async fn wait(&self, pk: &str, name: &str) -> Option<OwnedMutexGuard<()>> {
        let slot = usize::try_from(self.hasher.hash_one((pk, name)) % LOCKS as u64).unwrap_or_default();
        tokio::time::timeout(PATIENCE, self.locks[slot].clone().lock_owned()).await.ok()
    }
}
