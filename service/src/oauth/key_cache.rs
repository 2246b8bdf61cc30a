//! Caches the issuer's key set. A single task fetches it, at most once per [`MIN_REFETCH`], whatever tokens and key ids
//! clients present.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    sync::{Notify, Semaphore, watch},
    time,
};

use super::{
    discovery::{FETCH_TIMEOUT, Published, Source, SourceError},
    keys::{Candidates, Key},
};
use crate::telemetry::targets;

/// The minimum time between the end of one fetch and the start of the next.
const MIN_REFETCH: Duration = Duration::from_secs(10);
/// The age at which keys are fetched again, and so the longest time for which a withdrawn key is still accepted.
const REFRESH: Duration = Duration::from_secs(600);
/// The age up to which keys are used while the issuer is unreachable.
const MAX_STALE: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of requests that wait for a fetch. It also bounds those that present invalid tokens.
const MAX_WAITING: usize = 256;

/// The latest snapshot of the keys, and the handle of the task that refreshes it.
#[derive(Debug)]
pub(super) struct JwksCache {
    latest: watch::Receiver<Snapshot>,
    refetch: Arc<Notify>,
    waiting: Semaphore,
}

/// The state after a number of fetches.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// The keys of the last successful fetch.
    keys: Option<Arc<Keys>>,
    /// The metadata of the last successful fetch.
    metadata: Option<Arc<Value>>,
    fetches: u64,
    /// The earliest time of the next fetch.
    next_fetch: Instant,
}

/// The keys of one successful fetch.
#[derive(Debug)]
pub(super) struct Keys {
    all: Vec<Key>,
    fetched: Instant,
}

impl Keys {
    /// Returns the keys that may verify a token with this `kid`.
    pub(super) fn candidates(&self, id: Option<&str>) -> Candidates<'_> {
        Candidates::new(&self.all, id)
    }
}

impl Snapshot {
    /// Returns the keys, unless they are older than [`MAX_STALE`].
    pub(super) fn usable(&self, now: Instant) -> Option<&Keys> {
        self.keys.as_deref().filter(|keys| now.saturating_duration_since(keys.fetched) < MAX_STALE)
    }

    /// Returns the issuer's metadata, if it was discovered.
    pub(super) fn metadata(&self) -> Option<&Value> {
        self.metadata.as_deref()
    }
}

impl JwksCache {
    /// Starts the task that fetches the keys.
    pub(super) fn start(source: Source) -> Self {
        let nothing = Snapshot { keys: None, metadata: None, fetches: 0, next_fetch: Instant::now() };
        let (publish, latest) = watch::channel(nothing);
        let refetch = Arc::new(Notify::new());
        tokio::spawn(refresh(source, publish, refetch.clone()));
        Self { latest, refetch, waiting: Semaphore::new(MAX_WAITING) }
    }

    /// Returns the current snapshot.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.latest.borrow().clone()
    }

    /// Waits for the next fetch and returns its snapshot. Does not wait if a fetch is not due yet or if too many
    /// requests already wait.
    pub(super) async fn newer_than(&self, known: &Snapshot) -> Snapshot {
        if Instant::now() < known.next_fetch {
            return self.snapshot();
        }
        let Ok(_permit) = self.waiting.try_acquire() else { return known.clone() };
        self.refetch.notify_one();
        let mut latest = self.latest.clone();
        let newer = latest.wait_for(|snapshot| snapshot.fetches > known.fetches);
        // The task bounds the fetch itself; the extra second is for a busy machine.
        match time::timeout(FETCH_TIMEOUT + Duration::from_secs(1), newer).await {
            Ok(Ok(newer)) => newer.clone(),
            _ => known.clone(),
        }
    }
}

/// Fetches the keys every [`REFRESH`], after [`MIN_REFETCH`] if the fetch failed, and on each notification.
async fn refresh(source: Source, publish: watch::Sender<Snapshot>, refetch: Arc<Notify>) {
    let mut failing = false;
    loop {
        let fetched = source.fetch().await;
        log_transition(&fetched, &mut failing);
        let interval = if fetched.is_ok() { REFRESH } else { MIN_REFETCH };
        publish.send_modify(|snapshot| {
            if let Ok(Published { metadata, keys }) = fetched {
                snapshot.keys = Some(Arc::new(Keys { all: keys, fetched: Instant::now() }));
                snapshot.metadata = metadata.map(Arc::new);
            }
            snapshot.fetches += 1;
            snapshot.next_fetch = Instant::now() + MIN_REFETCH;
        });
        let earliest = time::Instant::now() + MIN_REFETCH;
        tokio::select! {
            () = time::sleep(interval) => {}
            () = refetch.notified() => {}
        }
        time::sleep_until(earliest).await;
    }
}

/// Logs one warning when fetches begin to fail and one line when they succeed again, because an issuer may be down for
/// hours.
fn log_transition(fetched: &Result<Published, SourceError>, failing: &mut bool) {
    match fetched.as_ref().map(|published| &published.keys) {
        Ok(keys) if keys.is_empty() => {
            tracing::warn!(target: targets::OAUTH_KEYS, "the authorization server publishes no key that can verify a token");
        }
        Ok(keys) if *failing => {
            tracing::info!(target: targets::OAUTH_KEYS, keys = keys.len(), "the authorization server's keys are available again");
        }
        Ok(keys) => {
            tracing::debug!(target: targets::OAUTH_KEYS, keys = keys.len(), "fetched the authorization server's keys")
        }
        Err(error) if *failing => {
            tracing::debug!(target: targets::OAUTH_KEYS, %error, "the authorization server's keys are still unavailable")
        }
        Err(error) => {
            let hours = MAX_STALE.as_secs() / 3600;
            tracing::warn!(target: targets::OAUTH_KEYS, %error, "the authorization server's keys are unavailable; cached keys are used for {hours} h");
        }
    }
    *failing = fetched.is_err();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_older_than_a_day_are_not_used() {
        let fetched = Instant::now();
        let keys = Some(Arc::new(Keys { all: Vec::new(), fetched }));
        let snapshot = Snapshot { keys, metadata: None, fetches: 1, next_fetch: fetched };
        assert!(snapshot.usable(fetched + MAX_STALE - Duration::from_secs(1)).is_some());
        assert!(snapshot.usable(fetched + MAX_STALE).is_none());
    }
}
