//! The cache of results in this process's memory, in front of the table. It is bounded, honours the table's
//! expiry, and lets concurrent callers of the same key share one computation.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::{
    DefaultHashBuilder, Weighter,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard},
};

use super::error::ToolError;
use crate::clock::epoch_seconds;

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
        value: Arc<dyn Any + Send + Sync>,
        /// The size of the value as JSON.
        bytes: usize,
        expires_at: u64,
    },
    /// The look-up or the computation failed. Callers that waited for it, or come within [`FAILURE_FRESH`], get the
    /// same error. Otherwise, each would wait for the same deadline in turn.
    Failed { error: ToolError, at: Instant },
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<String, Entry> for Bytes {
    fn weight(&self, key: &String, entry: &Entry) -> u64 {
        // The constant estimates the overhead of an entry.
        let value = match entry {
            Entry::Value { bytes, .. } => *bytes,
            Entry::Failed { .. } => 0,
        };
        (key.len() + value + 96) as u64
    }
}

/// The cached values by key.
pub(crate) struct LocalCache(Cache<String, Entry, Bytes>);

/// The result of [`LocalCache::look_up`].
pub(crate) enum Lookup<'a, T> {
    /// A value that has not expired.
    Hit(Arc<T>),
    /// Another caller's look-up or computation has just failed.
    Failed(ToolError),
    /// Nothing is cached. This caller computes the value, and the others wait for it.
    Miss(Miss<'a>),
}

/// The obligation to [`fill`](Miss::fill) an entry. If it is dropped instead, it passes to the next waiting caller.
pub(crate) struct Miss<'a>(Guard<'a>);

impl LocalCache {
    /// Looks up `key`. Waits if another caller is computing its value. A value of another type is a miss.
    pub(crate) async fn look_up<T: Send + Sync + 'static>(&self, key: &str) -> Lookup<'_, T> {
        let now = epoch_seconds();
        let check = |_: &String, entry: &mut Entry| match entry {
            Entry::Value { value, expires_at, .. } if *expires_at > now => match value.clone().downcast() {
                Ok(value) => EntryAction::Retain(Ok(value)),
                Err(_) => EntryAction::ReplaceWithGuard,
            },
            Entry::Failed { error, at } if at.elapsed() < FAILURE_FRESH => EntryAction::Retain(Err(error.clone())),
            _ => EntryAction::ReplaceWithGuard,
        };
        match self.0.entry_async(key, check).await {
            EntryResult::Retained(Ok(value)) => Lookup::Hit(value),
            EntryResult::Retained(Err(error)) => Lookup::Failed(error),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => Lookup::Miss(Miss(guard)),
            // `Removed` requires EntryAction::Remove and `Timeout` a time limit. Neither is used above.
            EntryResult::Removed(..) | EntryResult::Timeout => unreachable!("not an outcome of look_up"),
        }
    }
}

impl Miss<'_> {
    /// Stores the value, of `bytes` bytes as JSON, for all waiting callers and returns it.
    pub(crate) fn fill<T: Send + Sync + 'static>(self, value: T, bytes: usize, expires_at: u64) -> Arc<T> {
        let value = Arc::new(value);
        // An entry that was evicted in the meantime stays evicted, and the next caller asks the table.
        self.0.insert(Entry::Value { value: value.clone(), bytes, expires_at }).ok();
        value
    }

    /// Stores the failure for all waiting callers and returns it.
    pub(crate) fn fail(self, error: ToolError) -> ToolError {
        self.0.insert(Entry::Failed { error: error.clone(), at: Instant::now() }).ok();
        error
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

    async fn look_up(cache: &LocalCache) -> Lookup<'_, String> {
        cache.look_up("a").await
    }

    async fn fill(cache: &LocalCache, value: &str, expires_at: u64) {
        match look_up(cache).await {
            Lookup::Miss(miss) => drop(miss.fill(value.to_owned(), value.len(), expires_at)),
            Lookup::Hit(_) | Lookup::Failed(_) => panic!("the cache is not empty"),
        }
    }

    #[tokio::test]
    async fn expired_entry_is_a_miss() {
        let cache = LocalCache::default();
        fill(&cache, "A", epoch_seconds()).await;
        assert!(matches!(look_up(&cache).await, Lookup::Miss(_)));
    }

    #[tokio::test]
    async fn empty_value_is_a_hit() {
        let cache = LocalCache::default();
        fill(&cache, "", u64::MAX).await;
        assert!(matches!(look_up(&cache).await, Lookup::Hit(value) if value.is_empty()));
    }

    #[tokio::test]
    async fn value_of_another_type_is_a_miss() {
        let cache = LocalCache::default();
        fill(&cache, "A", u64::MAX).await;
        assert!(matches!(cache.look_up::<u64>("a").await, Lookup::Miss(_)));
    }

    #[tokio::test]
    async fn concurrent_misses_compute_once() {
        let cache = Arc::new(LocalCache::default());
        let Lookup::Miss(first) = look_up(&cache).await else { panic!("the cache is not empty") };
        let waiting = tokio::spawn({
            let cache = cache.clone();
            async move { matches!(look_up(&cache).await, Lookup::Hit(_)) }
        });
        tokio::task::yield_now().await;
        first.fill("A".to_owned(), 1, u64::MAX);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn failure_is_shared_with_waiting_callers() {
        let cache = Arc::new(LocalCache::default());
        let Lookup::Miss(first) = look_up(&cache).await else { panic!("the cache is not empty") };
        let waiting = tokio::spawn({
            let cache = cache.clone();
            async move { matches!(look_up(&cache).await, Lookup::Failed(ToolError::Internal)) }
        });
        tokio::task::yield_now().await;
        first.fail(ToolError::Internal);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn dropped_miss_passes_to_the_next_caller() {
        let cache = LocalCache::default();
        let Lookup::Miss(first) = look_up(&cache).await else { panic!("the cache is not empty") };
        drop(first);
        assert!(matches!(look_up(&cache).await, Lookup::Miss(_)));
    }
}
