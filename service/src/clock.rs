//! The wall clock, in the epoch seconds of DynamoDB's TTL. No other module reads it for an item's time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::{DateTime, date_time::Format};

/// Returns the current time.
#[expect(clippy::disallowed_methods, reason = "the only access to the wall clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns the seconds since 1970-01-01T00:00:00Z. A clock before that day reads as 0.
pub fn epoch_seconds() -> u64 {
    now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Converts epoch seconds to a time.
pub fn at(epoch_seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(epoch_seconds)
}

/// Formats epoch seconds as `2026-11-22T10:00:00Z`. Beyond the year 9999, returns the number.
pub fn rfc3339(epoch_seconds: u64) -> String {
    let time = i64::try_from(epoch_seconds).ok().map(DateTime::from_secs);
    time.and_then(|time| time.fmt(Format::DateTime).ok()).unwrap_or_else(|| epoch_seconds.to_string())
}
