//! The issuer's keys as they were last seen. One task fetches them and nobody else does, so however many tokens with whatever
//! names of keys are presented, the issuer is asked every [`APART`] at the most.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, Semaphore, watch},
    time,
};

use super::{
    discovery::{Source, SourceError},
    keys::Key,
};

/// The least time between the end of one attempt and the next.
const APART: Duration = Duration::from_secs(10);
/// How old keys get before they are fetched anew: the longest that a key which the issuer withdrew is still taken.
const FRESH: Duration = Duration::from_secs(600);
/// How long keys are used while the issuer cannot be asked.
const USABLE: Duration = Duration::from_secs(24 * 3600);
/// The longest that one attempt takes, metadata and keys together.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most requests that wait for an attempt: whoever presents nonsense waits here, too.
const WAITING: usize = 256;

/// The keys, and the task that keeps them.
#[derive(Debug)]
pub(super) struct KeyStore {
    seen: watch::Receiver<Seen>,
    wanted: Arc<Notify>,
    places: Semaphore,
}

/// What is known after so many attempts.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    keys: Option<Arc<Keys>>,
    attempts: u64,
    next: Instant,
}

/// The keys of one answer.
#[derive(Debug)]
pub(super) struct Keys {
    all: Vec<Key>,
    fetched: Instant,
}

impl Keys {
    /// Those of this name; all, if a token names none.
    pub(super) fn named(&self, id: Option<&str>) -> Vec<&Key> {
        self.all.iter().filter(|key| id.is_none() || key.id() == id).collect()
    }
}

impl Seen {
    /// The keys, unless they are too old to be used.
    pub(super) fn usable(&self, now: Instant) -> Option<&Keys> {
        self.keys.as_deref().filter(|keys| now.saturating_duration_since(keys.fetched) < USABLE)
    }
}

impl KeyStore {
    pub(super) fn start(source: Source) -> Self {
        let (publish, seen) = watch::channel(Seen { keys: None, attempts: 0, next: Instant::now() });
        let wanted = Arc::new(Notify::new());
        tokio::spawn(keep(source, publish, wanted.clone()));
        Self { seen, wanted, places: Semaphore::new(WAITING) }
    }

    /// What is known now.
    pub(super) fn now(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// What is known after another attempt; or what was known, if it is too soon for one, or too many wait for it.
    pub(super) async fn newer_than(&self, known: &Seen) -> Seen {
        if Instant::now() < known.next {
            return self.now();
        }
        let Ok(_place) = self.places.try_acquire() else { return known.clone() };
        self.wanted.notify_one();
        let mut seen = self.seen.clone();
        let newer = seen.wait_for(|seen| seen.attempts > known.attempts);
        // The task bounds itself; the second more is for the machine.
        match time::timeout(PATIENCE + Duration::from_secs(1), newer).await {
            Ok(Ok(newer)) => newer.clone(),
            _ => known.clone(),
        }
    }
}

async fn keep(source: Source, publish: watch::Sender<Seen>, wanted: Arc<Notify>) {
    let mut failing = false;
    loop {
        let attempt = time::timeout(PATIENCE, source.keys()).await;
        let fetched = attempt.unwrap_or(Err(SourceError::TooSlow(PATIENCE.as_secs())));
        told(&fetched, &mut failing);
        let pause = if fetched.is_ok() { FRESH } else { APART };
        publish.send_modify(|seen| {
            if let Ok(all) = fetched {
                seen.keys = Some(Arc::new(Keys { all, fetched: Instant::now() }));
            }
            seen.attempts += 1;
            seen.next = Instant::now() + APART;
        });
        let until = time::Instant::now() + APART;
        tokio::select! {
            () = time::sleep(pause) => {}
            () = wanted.notified() => {}
        }
        time::sleep_until(until).await;
    }
}

/// One line when it begins to fail, and one when it is over: an issuer may be down for hours.
fn told(fetched: &Result<Vec<Key>, SourceError>, failing: &mut bool) {
    match fetched {
        Ok(keys) if keys.is_empty() => {
            tracing::warn!("the authorization server has no key that could check a token");
        }
        Ok(keys) if *failing => tracing::info!(keys = keys.len(), "the authorization server's keys can be had again"),
        Ok(keys) => tracing::debug!(keys = keys.len(), "the authorization server's keys"),
        Err(error) if *failing => tracing::debug!(%error, "the authorization server's keys still cannot be had"),
        Err(error) => {
            let kept = USABLE.as_secs() / 3600;
            tracing::warn!(%error, "the authorization server's keys cannot be had; those that were seen are used for {kept} h");
        }
    }
    *failing = fetched.is_err();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_nobody_confirmed_for_a_day_are_not_used() {
        let fetched = Instant::now();
        let keys = Some(Arc::new(Keys { all: Vec::new(), fetched }));
        let seen = Seen { keys, attempts: 1, next: fetched };
        assert!(seen.usable(fetched + USABLE - Duration::from_secs(1)).is_some());
        assert!(seen.usable(fetched + USABLE).is_none());
    }
}
