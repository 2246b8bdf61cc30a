//! The wall clock, as DynamoDB's TTL counts it. No other file reads it for an item's time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z. A clock set before that day reads as 0.
#[expect(clippy::disallowed_methods, reason = "the door to the wall clock")]
pub fn epoch_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
