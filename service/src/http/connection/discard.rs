//! The bounds within which the server reads and discards what a client sends after its response.
//!
//! A socket that is closed with unread bytes resets the connection, and the reset can destroy the response
//! before the client reads it. So a connection is closed in stages
//! ([RFC 9112, section 9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// The longest rest of a body that is read for the sake of the connection, which stays open after it.
pub(super) const KEPT_BYTES: usize = 64 << 10;

/// The longest pause of a client whose body is discarded. After it the server closes its side, which a client
/// that sends no body waits for.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

const BYTES: usize = 16 << 20;
const TIME: Duration = Duration::from_secs(5);

/// The time for a request to arrive that was on its way to an idle connection when the server closed it.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// The number of connections that the process discards at once, so rejected clients cannot occupy the server.
static PERMITS: Semaphore = Semaphore::const_new(64);

/// The right to discard a connection's bytes, within its bounds.
#[derive(Debug)]
pub(super) struct Discard {
    bytes: usize,
    deadline: Instant,
    _permit: Option<SemaphorePermit<'static>>,
}

impl Discard {
    /// Begins the discard of a rejected request. Returns `None` if too many connections are being discarded.
    pub(super) fn refused() -> Option<Self> {
        Self::with_permit(TIME)
    }

    /// Waits until fewer connections are being discarded, and begins the discard of a rejected request. Returns
    /// `None` if that takes all of its time. Until then the client's bytes stay in the system's buffers.
    pub(super) async fn refused_in_turn() -> Option<Self> {
        let deadline = Instant::now() + TIME;
        let permit = timeout_at(deadline, PERMITS.acquire()).await.ok()?.ok()?;
        Some(Self { bytes: BYTES, deadline, _permit: Some(permit) })
    }

    /// Begins the discard of an idle connection that the server closes. Returns `None` as [`Discard::refused`] does.
    pub(super) fn idle() -> Option<Self> {
        Self::with_permit(IDLE_TIME)
    }

    /// Begins the discard of a body of at most [`KEPT_BYTES`]. It costs no more than an idle connection, so it
    /// needs no permit.
    pub(super) fn kept() -> Self {
        Self { bytes: KEPT_BYTES, deadline: Instant::now() + TIME, _permit: None }
    }

    fn with_permit(time: Duration) -> Option<Self> {
        let permit = PERMITS.try_acquire().ok()?;
        Some(Self { bytes: BYTES, deadline: Instant::now() + time, _permit: Some(permit) })
    }

    /// The time at which the discard ends.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Counts discarded bytes. Returns false when the bound is reached.
    pub(super) fn count(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.bytes > 0
    }
}
