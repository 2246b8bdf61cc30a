//! The state that a connection's task, its socket, its requests and the listener share.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::discard::Discard;

/// The bit of [`Activity::waiting`] that is set once a head has begun.
const HEAD: u64 = 1;

/// The state of a connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// Requests in progress, and unread bodies that are being discarded.
    in_use: AtomicU32,
    /// The start of the wait for the client in milliseconds since `opened`, above the bit [`HEAD`].
    waiting: AtomicU64,
    end: AtomicU8,
    /// True once a request's body is too long to be read after the response, which then announces the close.
    unread: AtomicBool,
    discard: Mutex<Option<Discard>>,
    task: AtomicWaker,
}

/// A wait for the client, while no request is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wait {
    /// True once a head has begun. Otherwise the connection is idle.
    pub(super) head: bool,
    /// The head's first byte, or the end of the last request.
    pub(super) since: Instant,
}

/// The reason for which the server ends a connection that it could keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The server stops, or the connection was idle for too long.
    Graceful = 1,
    /// Another connection needs its place.
    Evicted = 2,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            in_use: AtomicU32::new(0),
            waiting: AtomicU64::new(0),
            end: AtomicU8::new(0),
            unread: AtomicBool::new(false),
            discard: Mutex::new(None),
            task: AtomicWaker::new(),
        }
    }

    /// Returns the wait for the client, or `None` while the connection is in use.
    pub(super) fn wait(&self) -> Option<Wait> {
        if self.in_use.load(Ordering::Acquire) > 0 {
            return None;
        }
        let waiting = self.waiting.load(Ordering::Acquire);
        Some(Wait { head: waiting & HEAD != 0, since: self.opened + Duration::from_millis(waiting >> 1) })
    }

    /// Records that bytes arrived. The first byte of a head ends the idle time; empty lines before a head do
    /// not ([RFC 9112, section 2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6)).
    pub(super) fn received(&self, bytes: &[u8]) {
        let idle = self.in_use.load(Ordering::Acquire) == 0 && self.waiting.load(Ordering::Acquire) & HEAD == 0;
        if idle && bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.wait_from_now(HEAD);
        }
    }

    fn wait_from_now(&self, head: u64) {
        let elapsed = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX >> 1);
        self.waiting.store((elapsed << 1) | head, Ordering::Release);
    }

    /// Registers the task that [`Activity::request_end`] wakes.
    pub(super) fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// Asks the connection's task to end the connection once no request is in progress.
    pub(super) fn request_end(&self, end: End) {
        self.end.fetch_max(end as u8, Ordering::AcqRel);
        self.task.wake();
    }

    /// Returns the requested end.
    pub(super) fn end(&self) -> Option<End> {
        match self.end.load(Ordering::Acquire) {
            0 => None,
            1 => Some(End::Graceful),
            _ => Some(End::Evicted),
        }
    }

    /// Records that the request's body is too long to be read after the response.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Release);
    }

    /// Returns true if the response in progress is the last one of this connection.
    pub(super) fn is_ending(&self) -> bool {
        self.unread.load(Ordering::Acquire) || self.end().is_some()
    }

    /// Keeps what is left of a discard for the socket, which continues it after the half-close.
    pub(super) fn hand_over(&self, discard: Discard) {
        *self.discard.lock().unwrap_or_else(PoisonError::into_inner) = Some(discard);
    }

    /// Returns the discard that follows the half-close, if the client may still be sending.
    pub(super) fn discard_after_half_close(&self) -> Option<Discard> {
        if self.end() == Some(End::Evicted) {
            return None;
        }
        let handed_over = self.discard.lock().unwrap_or_else(PoisonError::into_inner).take();
        handed_over.or_else(|| match self.wait()? {
            // The head was rejected, so neither its rest nor its body was read.
            Wait { head: true, .. } => Discard::refused(),
            // A request may be on its way to a connection that was kept until now.
            Wait { head: false, .. } => self.end().and_then(|_| Discard::idle()),
        })
    }
}

/// Marks a connection as in use until it is dropped.
#[derive(Debug)]
pub(super) struct InUse(Arc<Activity>);

impl InUse {
    pub(super) fn new(activity: Arc<Activity>) -> Self {
        activity.in_use.fetch_add(1, Ordering::AcqRel);
        Self(activity)
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.0
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        // In this order, so that an earlier wait is never taken for the one that begins.
        self.0.wait_from_now(0);
        self.0.in_use.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    const STEP: Duration = Duration::from_millis(5);

    #[test]
    fn head_begins_with_its_first_byte() {
        let activity = Activity::new();
        activity.received(b"\r\n");
        assert_eq!(activity.wait(), Some(Wait { head: false, since: activity.opened }));
        sleep(STEP);
        activity.received(b"\r\nP");
        let begun = activity.wait().unwrap();
        assert!(begun.head && begun.since >= activity.opened + STEP);
        sleep(STEP);
        activity.received(b"OST");
        assert_eq!(activity.wait(), Some(begun));
    }

    #[test]
    fn idle_time_begins_when_nothing_is_in_use() {
        let activity = Arc::new(Activity::new());
        let request = InUse::new(activity.clone());
        let body = InUse::new(activity.clone());
        drop(request);
        activity.received(b"more of the body");
        assert_eq!(activity.wait(), None);
        sleep(STEP);
        drop(body);
        let idle = activity.wait().unwrap();
        assert!(!idle.head && idle.since >= activity.opened + STEP);
    }
}
