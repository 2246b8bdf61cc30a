//! The cache of results in this process's memory, in front of the table. It is bounded, honours the table's
//! expiry, and lets concurrent callers of the same key share one computation.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::{
    DefaultHashBuilder, Weighter,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard},
};

use crate::{
    clock::epoch_seconds,
    store::{CachedValue, StoreError},
};

/// The limit of the bytes of all keys and values.
const CAPACITY_BYTES: u64 = 8 * 1024 * 1024;
/// The time for which a failed look-up is shared.
const FAILURE_FRESH: Duration = Duration::from_secs(1);
/// The number of entries for which the cache sizes its shards.
const ESTIMATED_ITEMS: usize = 4096;

type Guard<'a> = PlaceholderGuard<'a, String, Entry, Bytes, DefaultHashBuilder, DefaultLifecycle<String, Entry>>;

#[derive(Debug, Clone)]
enum Entry {
    Value {
        value: Arc<str>,
        expires_at: u64,
    },
    /// The look-up failed. Callers that waited for it, or come within [`FAILURE_FRESH`], get the same error.
    /// Otherwise, each would wait for the same deadline in turn.
    Failed {
        kind: StoreError,
        at: Instant,
    },
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<String, Entry> for Bytes {
    fn weight(&self, key: &String, entry: &Entry) -> u64 {
        // The constant estimates the overhead of an entry.
        let value = match entry {
            Entry::Value { value, .. } => value.len(),
            Entry::Failed { .. } => 0,
        };
        (key.len() + value + 96) as u64
    }
}

/// The cached values by key.
pub(crate) struct LocalCache(Cache<String, Entry, Bytes>);

/// The result of [`LocalCache::look_up`].
pub(crate) enum Lookup<'a> {
    /// A value that has not expired.
    Hit(Arc<str>),
    /// Another caller's look-up has just failed.
    Failed(StoreError),
    /// Nothing is cached. This caller computes the value, and the others wait for it.
    Miss(Miss<'a>),
}

/// The obligation to [`fill`](Miss::fill) an entry. If it is dropped instead, it passes to the next waiting caller.
pub(crate) struct Miss<'a>(Guard<'a>);

impl LocalCache {
    /// Looks up `key`. Waits if another caller is computing its value.
    pub(crate) async fn look_up(&self, key: &str) -> Lookup<'_> {
        let now = epoch_seconds();
        let check = |_: &String, entry: &mut Entry| match entry {
            Entry::Value { value, expires_at } if *expires_at > now => EntryAction::Retain(Ok(value.clone())),
            Entry::Failed { kind, at } if at.elapsed() < FAILURE_FRESH => EntryAction::Retain(Err(*kind)),
            _ => EntryAction::ReplaceWithGuard,
        };
        match self.0.entry_async(key, check).await {
            EntryResult::Retained(Ok(value)) => Lookup::Hit(value),
            EntryResult::Retained(Err(kind)) => Lookup::Failed(kind),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => Lookup::Miss(Miss(guard)),
            // `Removed` requires EntryAction::Remove and `Timeout` a time limit. Neither is used above.
            EntryResult::Removed(..) | EntryResult::Timeout => unreachable!("not an outcome of look_up"),
        }
    }
}

impl Miss<'_> {
    /// Stores the value for all waiting callers and returns it.
    pub(crate) fn fill(self, value: CachedValue) -> Arc<str> {
        let (value, expires_at) = (Arc::<str>::from(value.value), value.expires_at);
        // An entry that was evicted in the meantime stays evicted, and the next caller asks the table.
        self.0.insert(Entry::Value { value: value.clone(), expires_at }).ok();
        value
    }

    /// Stores the failure for all waiting callers.
    pub(crate) fn fail(self, kind: StoreError) {
        self.0.insert(Entry::Failed { kind, at: Instant::now() }).ok();
    }
}

impl Default for LocalCache {
    fn default() -> Self {
        Self(Cache::with_weighter(ESTIMATED_ITEMS, CAPACITY_BYTES, Bytes))
    }
}

impl std::fmt::Debug for LocalCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalCache({} entries)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_until(expires_at: u64) -> CachedValue {
        CachedValue { value: "A".into(), expires_at }
    }

    async fn fill(cache: &LocalCache, value: CachedValue) {
        match cache.look_up("a").await {
            Lookup::Miss(miss) => drop(miss.fill(value)),
            Lookup::Hit(_) | Lookup::Failed(_) => panic!("the cache is not empty"),
        }
    }

    #[tokio::test]
    async fn expired_entry_is_a_miss() {
        let cache = LocalCache::default();
        fill(&cache, value_until(epoch_seconds())).await;
        assert!(matches!(cache.look_up("a").await, Lookup::Miss(_)));
    }

    #[tokio::test]
    async fn empty_value_is_a_hit() {
        let cache = LocalCache::default();
        fill(&cache, CachedValue { value: String::new(), expires_at: u64::MAX }).await;
        assert!(matches!(cache.look_up("a").await, Lookup::Hit(value) if value.is_empty()));
    }

    #[tokio::test]
    async fn concurrent_misses_compute_once() {
        let cache = Arc::new(LocalCache::default());
        let Lookup::Miss(first) = cache.look_up("a").await else { panic!("the cache is not empty") };
        let waiting = tokio::spawn({
            let cache = cache.clone();
            async move { matches!(cache.look_up("a").await, Lookup::Hit(_)) }
        });
        tokio::task::yield_now().await;
        first.fill(value_until(u64::MAX));
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn failure_is_shared_with_waiting_callers() {
        let cache = Arc::new(LocalCache::default());
        let Lookup::Miss(first) = cache.look_up("a").await else { panic!("the cache is not empty") };
        let waiting = tokio::spawn({
            let cache = cache.clone();
            async move { matches!(cache.look_up("a").await, Lookup::Failed(StoreError::Throttled)) }
        });
        tokio::task::yield_now().await;
        first.fail(StoreError::Throttled);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn dropped_miss_passes_to_the_next_caller() {
        let cache = LocalCache::default();
        let Lookup::Miss(first) = cache.look_up("a").await else { panic!("the cache is not empty") };
        drop(first);
        assert!(matches!(cache.look_up("a").await, Lookup::Miss(_)));
    }
}
