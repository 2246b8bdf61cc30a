//! Waits for a condition by checking it again and again: the one polling loop of the deployer and of `devtools`.
//!
//! A check returns ready, not yet with a status, or an error, which ends the wait at once. A time-out carries the
//! last status, because that is what explains it.

use std::{fmt, iter, thread, time::Duration};

use tokio::time::Instant;

/// Result of one check.
#[derive(Debug)]
pub enum Check<T> {
    /// The condition holds.
    Ready(T),
    /// The condition does not hold yet; the status is for people, such as `0 of 1 running`.
    NotYet(String),
}

impl<T> Check<T> {
    /// Not ready, with this status.
    pub fn not_yet(status: impl Into<String>) -> Self {
        Self::NotYet(status.into())
    }
}

/// The limit passed before the condition held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedOut {
    /// Time that was waited.
    pub limit: Duration,
    /// Status of the last check.
    pub last: String,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timed out after {} s: {}", self.limit.as_secs(), self.last)
    }
}

impl std::error::Error for TimedOut {}

/// Checks a condition every so often until it holds or the limit has passed. Checks once at least.
///
/// `poll(…).await??` treats a time-out as any other error. A `match` on the inner result distinguishes it.
pub async fn poll<T>(
    limit: Duration,
    every: Duration,
    check: impl AsyncFnMut() -> anyhow::Result<Check<T>>,
) -> anyhow::Result<Result<T, TimedOut>> {
    poll_at(limit, iter::repeat(every), check).await
}

/// Like [`poll`], with a pause of its own after each check. Stops as well when there are no more pauses.
pub async fn poll_at<T>(
    limit: Duration,
    pauses: impl IntoIterator<Item = Duration>,
    mut check: impl AsyncFnMut() -> anyhow::Result<Check<T>>,
) -> anyhow::Result<Result<T, TimedOut>> {
    let started = Instant::now();
    let mut pauses = pauses.into_iter();
    loop {
        let last = match check().await? {
            Check::Ready(value) => return Ok(Ok(value)),
            Check::NotYet(status) => status,
        };
        match pauses.next() {
            Some(pause) if started.elapsed() < limit => tokio::time::sleep(pause).await,
            _ => return Ok(Err(TimedOut { limit, last })),
        }
    }
}

/// Like [`poll`], for code that does not run in a future.
pub fn poll_blocking<T>(
    limit: Duration,
    every: Duration,
    mut check: impl FnMut() -> anyhow::Result<Check<T>>,
) -> anyhow::Result<Result<T, TimedOut>> {
    let started = std::time::Instant::now();
    loop {
        match check()? {
            Check::Ready(value) => return Ok(Ok(value)),
            Check::NotYet(last) if started.elapsed() >= limit => return Ok(Err(TimedOut { limit, last })),
            Check::NotYet(_) => thread::sleep(every),
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;
    use crate::runtime;

    const EVERY: Duration = Duration::from_millis(1);

    #[test]
    fn value_is_returned_once_ready() {
        let mut checks = 0;
        let ready = runtime::wait_for(poll(Duration::from_secs(60), EVERY, async || {
            checks += 1;
            Ok(if checks == 3 { Check::Ready("up") } else { Check::not_yet("starting") })
        }));
        assert_eq!(ready.unwrap().unwrap(), Ok("up"));
        assert_eq!(checks, 3);
    }

    #[test]
    fn time_out_carries_the_last_status() {
        let mut checks = 0;
        let mut check = || {
            checks += 1;
            Ok(Check::<()>::not_yet(format!("check {checks}")))
        };
        let late = poll_blocking(Duration::from_millis(20), EVERY, &mut check).unwrap().unwrap_err();
        assert!(checks > 1);
        assert_eq!(late.last, format!("check {checks}"));
        assert_eq!(late.to_string(), format!("timed out after 0 s: check {checks}"));
    }

    #[test]
    fn failed_check_ends_the_wait() {
        let failed = poll_blocking(Duration::from_secs(60), EVERY, || Err::<Check<()>, _>(anyhow!("gone")));
        assert_eq!(failed.unwrap_err().to_string(), "gone");
    }

    #[test]
    fn condition_is_checked_once_without_time() {
        let ready = runtime::wait_for(poll(Duration::ZERO, EVERY, async || Ok(Check::Ready(1))));
        assert_eq!(ready.unwrap().unwrap(), Ok(1));
        let none = runtime::wait_for(poll_at(Duration::MAX, [], async || Ok(Check::<()>::not_yet("no"))));
        assert_eq!(none.unwrap().unwrap().unwrap_err().last, "no");
    }
}
