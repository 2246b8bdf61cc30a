//! The limit of failed authentications of each client address.
//!
//! A token is always checked first, so no number of failures affects a valid token from the same address. The limit
//! replaces the 401 for a token that nothing vouches for by a 429, which asks the client to wait. Two failures stay a
//! 401 at any number, because it makes OAuth clients renew their token: the missing token of a client that begins, and
//! a token that the issuer signed but that has expired or lacks a claim.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use governor::clock::{Clock, DefaultClock};
use quick_cache::sync::Cache;

use super::rate_limit::{Buckets, quota};
use crate::{
    config::RateLimit,
    telemetry::{Metrics, targets},
};

/// The number of clients that are remembered, about 2 MB. A client that is forgotten begins with a full burst.
const MAX_CLIENTS: usize = 8192;

/// The limiters of all client addresses.
pub(super) struct AuthFailures {
    quota: governor::Quota,
    clock: DefaultClock,
    clients: Cache<IpAddr, Arc<Buckets>>,
    metrics: Arc<Metrics>,
}

impl AuthFailures {
    pub(super) fn new(limit: RateLimit, metrics: Arc<Metrics>) -> Self {
        Self { quota: quota(limit), clock: DefaultClock::default(), clients: Cache::new(MAX_CLIENTS), metrics }
    }

    /// Counts a failure of `client`. Returns the time to wait if the client is over the limit.
    pub(super) fn count(&self, client: IpAddr) -> Result<(), Duration> {
        let network = network(client);
        let create = || Ok::<_, Infallible>(Arc::new(Buckets::new(self.quota)));
        let Ok(buckets) = self.clients.get_or_insert_with(&network, create);
        let Err(until) = buckets.requests.check() else { return Ok(()) };
        self.metrics.auth_failure_limited();
        if buckets.log_lines.check().is_ok() {
            tracing::warn!(target: targets::AUTH_FAILURES, client = %network, "too many failed authentications; rejecting unknown tokens");
        }
        Err(until.wait_time_from(self.clock.now()))
    }
}

/// Returns the address that stands for a client: of IPv6 the /64, because a host chooses among its addresses.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl std::fmt::Debug for AuthFailures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthFailures").field("quota", &self.quota).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn failures() -> AuthFailures {
        let limit = RateLimit {
            requests: NonZeroU32::MIN,
            period: Duration::from_secs(60),
            burst: NonZeroU32::new(2).unwrap(),
        };
        AuthFailures::new(limit, Arc::new(Metrics::new("test")))
    }

    #[test]
    fn ipv6_clients_are_limited_by_network() {
        let failures = failures();
        let count = |address: &str| failures.count(address.parse().unwrap()).is_ok();
        assert!(count("2001:db8:0:1::1") && count("2001:db8:0:1:ffff::2"));
        assert!(!count("2001:db8:0:1::3"));
        assert!(count("2001:db8:0:2::1") && count("203.0.113.1") && count("203.0.113.2"));
    }

    #[test]
    fn remembered_clients_are_bounded() {
        let failures = failures();
        for n in 0..2 * u32::try_from(MAX_CLIENTS).unwrap() {
            failures.count(IpAddr::V4(n.into())).unwrap();
        }
        assert!(failures.clients.len() <= MAX_CLIENTS);
    }
}
