//! The open connections of a listener, up to a limit. At the limit the longest idle one makes room for a new one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use slab::Slab;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::activity::{Activity, End, Wait};
use crate::telemetry::{Metrics, targets};

/// The idle connections among which the longest idle one is evicted. A sample costs the same at any number of
/// connections; Redis chooses keys the same way.
const SAMPLE: usize = 64;

/// The shortest wait after which a connection may be evicted. The request of a client that has just connected may
/// not have been read yet, and the heads of real clients arrive in one piece.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The pause between two evictions for the same new connection.
const PATIENCE: Duration = Duration::from_millis(50);

/// The least time between two log lines about the limit.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// The open connections of a listener.
#[derive(Debug)]
pub(in crate::http) struct OpenConnections {
    limit: u32,
    places: Arc<Semaphore>,
    open: Mutex<Open>,
    metrics: Option<Arc<Metrics>>,
}

#[derive(Debug)]
struct Open {
    connections: Slab<Arc<Activity>>,
    /// The key at which the next sample begins.
    next: usize,
    reported: Option<Instant>,
}

/// An open connection, counted until it is dropped.
#[derive(Debug)]
pub(in crate::http) struct OpenConnection {
    pub(super) activity: Arc<Activity>,
    key: usize,
    all: Arc<OpenConnections>,
    _place: OwnedSemaphorePermit,
}

impl OpenConnections {
    pub(in crate::http) fn new(limit: u32, metrics: Option<Arc<Metrics>>) -> Arc<Self> {
        if let Some(metrics) = &metrics {
            metrics.connection_limit(limit);
        }
        let open = Mutex::new(Open { connections: Slab::new(), next: 0, reported: None });
        Arc::new(Self { limit, places: Arc::new(Semaphore::new(limit as usize)), open, metrics })
    }

    /// Waits for a place below the limit, and evicts idle connections meanwhile.
    pub(in crate::http) async fn add(self: &Arc<Self>) -> OpenConnection {
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.make_room().await,
        };
        let activity = Arc::new(Activity::new());
        let key = self.open().connections.insert(activity.clone());
        if let Some(metrics) = &self.metrics {
            metrics.connection_opened();
        }
        OpenConnection { activity, key, all: self.clone(), _place: place }
    }

    /// Asks every connection to end once its request is complete, and waits until all are closed.
    pub(in crate::http) async fn end(&self) {
        for (_, activity) in &self.open().connections {
            activity.request_end(End::Graceful);
        }
        // An error means that the semaphore is closed, which it never is.
        self.places.acquire_many(self.limit).await.ok();
    }

    async fn make_room(&self) -> OwnedSemaphorePermit {
        self.report();
        loop {
            self.evict();
            // A connection that is in use now may be idle at the next attempt.
            if let Ok(Ok(place)) = timeout(PATIENCE, self.places.clone().acquire_owned()).await {
                return place;
            }
        }
    }

    /// Ends the longest idle connection of a sample, or the slowest head if no connection is idle.
    pub(in crate::http) fn evict(&self) {
        let mut open = self.open();
        let Some((_, longest)) = open.sample() else { return };
        longest.request_end(End::Evicted);
        drop(open);
        if let Some(metrics) = &self.metrics {
            metrics.connection_evicted();
        }
    }

    fn report(&self) {
        let mut open = self.open();
        if open.reported.is_none_or(|reported| reported.elapsed() > REPORT_INTERVAL) {
            open.reported = Some(Instant::now());
            tracing::warn!(target: targets::LISTENER, limit = self.limit, "connection limit reached; idle connections are closed for new ones");
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn sample(&mut self) -> Option<(Wait, Arc<Activity>)> {
        let (keys, mut idle) = (self.connections.capacity(), 0);
        let mut longest: Option<(Wait, &Arc<Activity>)> = None;
        for _ in 0..keys {
            self.next = (self.next + 1) % keys;
            let Some(activity) = self.connections.get(self.next) else { continue };
            let Some(wait) = activity.wait().filter(|wait| wait.since.elapsed() > SHORTEST_WAIT) else { continue };
            // Idle connections sort before heads, and earlier ones before later ones.
            if activity.end().is_none() && longest.is_none_or(|(best, _)| wait < best) {
                longest = Some((wait, activity));
            }
            idle += usize::from(!wait.head);
            if idle == SAMPLE {
                break;
            }
        }
        longest.map(|(wait, activity)| (wait, activity.clone()))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.all.open().connections.remove(self.key);
        if let Some(metrics) = &self.all.metrics {
            metrics.connection_closed();
        }
    }
}
