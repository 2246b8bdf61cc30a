//! Results in this process's memory, in front of the table: bounded, no older than the table says, and computed once
//! however many ask at the same time.

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

/// Keys and values together hold at most so many bytes.
const CAPACITY_BYTES: u64 = 8 * 1024 * 1024;
/// How long a failed look-up speaks for others.
const FAILURE_FRESH: Duration = Duration::from_secs(1);
/// What the cache sizes its shards for.
const ESTIMATED_ITEMS: usize = 4096;

type Guard<'a> = PlaceholderGuard<'a, String, Entry, Bytes, DefaultHashBuilder, DefaultLifecycle<String, Entry>>;

#[derive(Debug, Clone)]
enum Entry {
    Value {
        value: Arc<str>,
        expires_at: u64,
    },
    /// The look-up failed; those who waited for it, and who come within [`FAILURE_FRESH`], fail alike instead of each
    /// waiting out the same deadline after the other.
    Failed {
        kind: StoreError,
        at: Instant,
    },
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<String, Entry> for Bytes {
    fn weight(&self, key: &String, entry: &Entry) -> u64 {
        // The constant stands for what the cache keeps beside the two texts.
        let value = match entry {
            Entry::Value { value, .. } => value.len(),
            Entry::Failed { .. } => 0,
        };
        (key.len() + value + 96) as u64
    }
}

/// Values by key.
pub(super) struct LocalCache(Cache<String, Entry, Bytes>);

/// What [`LocalCache::look_up`] found.
pub(super) enum Lookup<'a> {
    /// A value that lives.
    Hit(Arc<str>),
    /// Somebody just failed to find out.
    Failed(StoreError),
    /// Nothing: the caller is the one who finds out, and the others who ask wait for it.
    Miss(Miss<'a>),
}

/// The duty to [`fill`](Miss::fill) an entry. Dropped without, the next who waits takes it over.
pub(super) struct Miss<'a>(Guard<'a>);

impl LocalCache {
    /// The value of `key`, once nobody else is computing it.
    pub(super) async fn look_up(&self, key: &str) -> Lookup<'_> {
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
            // Neither is asked for above: `Removed` needs EntryAction::Remove, `Timeout` a time-out.
            EntryResult::Removed(..) | EntryResult::Timeout => unreachable!("not an outcome of look_up"),
        }
    }
}

impl Miss<'_> {
    /// Makes the value known to all who wait, and gives it back.
    pub(super) fn fill(self, value: CachedValue) -> Arc<str> {
        let (value, expires_at) = (Arc::<str>::from(value.value), value.expires_at);
        // An entry that was removed meanwhile stays removed; the next caller asks the table.
        self.0.insert(Entry::Value { value: value.clone(), expires_at }).ok();
        value
    }

    /// Makes the failure known to all who wait.
    pub(super) fn fail(self, kind: StoreError) {
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

    fn lives_until(expires_at: u64) -> CachedValue {
        CachedValue { value: "A".into(), expires_at }
    }

    async fn fill(cache: &LocalCache, value: CachedValue) {
        match cache.look_up("a").await {
            Lookup::Miss(miss) => drop(miss.fill(value)),
            Lookup::Hit(_) | Lookup::Failed(_) => panic!("nothing was there"),
        }
    }

    #[tokio::test]
    async fn an_expired_entry_is_a_miss() {
        let cache = LocalCache::default();
        fill(&cache, lives_until(epoch_seconds())).await;
        assert!(matches!(cache.look_up("a").await, Lookup::Miss(_)));
    }

    #[tokio::test]
    async fn an_empty_value_is_a_hit() {
        let cache = LocalCache::default();
        fill(&cache, CachedValue { value: String::new(), expires_at: u64::MAX }).await;
        assert!(matches!(cache.look_up("a").await, Lookup::Hit(value) if value.is_empty()));
    }

    #[tokio::test]
    async fn concurrent_misses_find_out_once() {
        let cache = Arc::new(LocalCache::default());
        let Lookup::Miss(first) = cache.look_up("a").await else { panic!("nothing was there") };
        let waiting = tokio::spawn({
            let cache = cache.clone();
            async move { matches!(cache.look_up("a").await, Lookup::Hit(_)) }
        });
        tokio::task::yield_now().await;
        first.fill(lives_until(u64::MAX));
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_all_who_waited() {
        let cache = Arc::new(LocalCache::default());
        let Lookup::Miss(first) = cache.look_up("a").await else { panic!("nothing was there") };
        let waiting = tokio::spawn({
            let cache = cache.clone();
            async move { matches!(cache.look_up("a").await, Lookup::Failed(StoreError::Throttled)) }
        });
        tokio::task::yield_now().await;
        first.fail(StoreError::Throttled);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn one_that_gives_up_hands_on_to_the_next() {
        let cache = LocalCache::default();
        let Lookup::Miss(first) = cache.look_up("a").await else { panic!("nothing was there") };
        drop(first);
        assert!(matches!(cache.look_up("a").await, Lookup::Miss(_)));
    }
}
