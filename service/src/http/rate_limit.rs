//! The rate limit of each principal at this replica. `auth_failures.rs` limits callers without a principal.

use std::{convert::Infallible, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};
use governor::{
    DefaultDirectRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};
use quick_cache::sync::Cache;

use super::error_response::error_response;
use crate::{
    config::RateLimit,
    principal::Principal,
    telemetry::{Metrics, targets},
};

/// The number of principals that are remembered, about 2 MB. A principal that is forgotten begins with a full burst.
const MAX_PRINCIPALS: usize = 8192;

/// The log lines for each rejected principal.
const LOG_QUOTA: Quota = Quota::per_minute(NonZeroU32::MIN);

/// The limiters of all principals.
pub(super) struct RateLimits {
    quota: Quota,
    clock: DefaultClock,
    shared: Buckets,
    others: Cache<String, Arc<Buckets>>,
    metrics: Arc<Metrics>,
}

/// The limiters of one principal or client.
pub(super) struct Buckets {
    pub(super) requests: Limiter,
    pub(super) log_lines: Limiter,
}

pub(super) type Limiter = DefaultDirectRateLimiter;

impl Buckets {
    pub(super) fn new(quota: Quota) -> Self {
        Self { requests: Limiter::direct(quota), log_lines: Limiter::direct(LOG_QUOTA) }
    }
}

impl RateLimits {
    pub(super) fn new(limit: RateLimit, metrics: Arc<Metrics>) -> Self {
        let quota = quota(limit);
        let clock = DefaultClock::default();
        Self { quota, clock, shared: Buckets::new(quota), others: Cache::new(MAX_PRINCIPALS), metrics }
    }

    /// Counts a request of `principal` with `messages`, of which a batch has several. Returns the time to wait if the
    /// principal is over its limit. A batch larger than the burst counts as one burst, because it could never pass.
    pub(super) fn count(&self, principal: &Principal, messages: usize) -> Result<(), Duration> {
        let messages = u32::try_from(messages).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let messages = messages.min(self.quota.burst_size());
        match principal.id() {
            None => self.count_in(&self.shared, principal, messages),
            Some(id) => {
                let create = || Ok::<_, Infallible>(Arc::new(Buckets::new(self.quota)));
                let Ok(buckets) = self.others.get_or_insert_with(id, create);
                self.count_in(&buckets, principal, messages)
            }
        }
    }

    fn count_in(&self, buckets: &Buckets, principal: &Principal, messages: NonZeroU32) -> Result<(), Duration> {
        let Ok(Err(until)) = buckets.requests.check_n(messages) else { return Ok(()) };
        self.metrics.rate_limited();
        if buckets.log_lines.check().is_ok() {
            let principal = principal.fingerprint();
            tracing::warn!(target: targets::RATE_LIMIT, principal, "rate limit exceeded; rejecting requests");
        }
        Err(until.wait_time_from(self.clock.now()))
    }
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimits").field("quota", &self.quota).finish_non_exhaustive()
    }
}

/// Converts a configured limit.
pub(super) fn quota(limit: RateLimit) -> Quota {
    // `with_period` rejects zero, which the configuration excludes.
    let quota = Quota::with_period(limit.period / limit.requests.get());
    quota.unwrap_or(Quota::per_second(limit.requests)).allow_burst(limit.burst)
}

/// Returns the whole seconds to wait, at least one.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// Builds the 429 for a principal over its limit.
pub(crate) fn too_many_requests(wait: Duration) -> Response {
    let seconds = seconds(wait);
    let mut response = error_response(StatusCode::TOO_MANY_REQUESTS, rate_limit_text(seconds));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Returns the text for a rejected request.
pub(crate) fn rate_limit_text(seconds: u64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("rate limit exceeded: nothing was done; wait {seconds} {unit}, then call again at a lower rate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::Grant;

    /// Returns limits of one request a minute.
    fn limits(burst: u32) -> RateLimits {
        let burst = NonZeroU32::new(burst).unwrap();
        let limit = RateLimit { requests: NonZeroU32::MIN, period: Duration::from_secs(60), burst };
        RateLimits::new(limit, Arc::new(Metrics::new("test")))
    }

    #[test]
    fn principals_are_limited_separately() {
        let limits = limits(3);
        let alice = Principal::named("token", "alice", Grant::FULL);
        for principal in [Principal::shared(), alice, Principal::named("token", "bob", Grant::FULL)] {
            for _ in 0..3 {
                assert_eq!(limits.count(&principal, 1), Ok(()));
            }
            let waits = (50..=60).contains(&limits.count(&principal, 1).map_err(seconds).unwrap_err());
            assert!(waits, "{principal:?}");
        }
    }

    #[test]
    fn batch_counts_each_message() {
        let limits = limits(5);
        assert_eq!(limits.count(&Principal::shared(), 3), Ok(()));
        assert!(limits.count(&Principal::shared(), 3).is_err());
        assert_eq!(limits.count(&Principal::shared(), 2), Ok(()));
        let larger = Principal::named("token", "alice", Grant::FULL);
        assert_eq!(limits.count(&larger, 32), Ok(()));
        assert!(limits.count(&larger, 1).is_err());
    }

    #[test]
    fn remembered_principals_are_bounded() {
        let limits = limits(1);
        for name in 0..2 * MAX_PRINCIPALS {
            limits.count(&Principal::named("issuer", &name.to_string(), Grant::FULL), 1).unwrap();
        }
        assert!(limits.others.len() <= MAX_PRINCIPALS);
    }

    #[test]
    fn wait_is_rounded_up_to_seconds() {
        for (milliseconds, expected) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_500, 60)] {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), expected);
        }
    }
}
