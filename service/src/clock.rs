//! The wall clock, as DynamoDB's TTL counts it. No other file reads it for an item's time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::{DateTime, date_time::Format};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the door to the wall clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970-01-01T00:00:00Z. A clock set before that day reads as 0.
pub fn epoch_seconds() -> u64 {
    now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The time that so many epoch seconds are.
pub fn at(epoch_seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(epoch_seconds)
}

/// Epoch seconds as people and programs read them: `2026-11-22T10:00:00Z`; beyond the year 9999, the seconds themselves.
pub fn rfc3339(epoch_seconds: u64) -> String {
    let time = i64::try_from(epoch_seconds).ok().map(DateTime::from_secs);
    time.and_then(|time| time.fmt(Format::DateTime).ok()).unwrap_or_else(|| epoch_seconds.to_string())
}
