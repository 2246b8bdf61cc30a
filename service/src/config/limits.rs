//! The limits of a request.

use std::time::Duration;

use super::{
    problems::{Problems, Setting, setting},
    rate_limit::{self, RateLimit},
};
use crate::cli::Flags;

/// The longest drain: the time after which the remaining requests are aborted. ECS kills the process a `stopTimeout`
/// after its signal, for which `infra/` sets the lame duck, the drain and 8 s to exit together.
pub const DRAIN: Duration = Duration::from_secs(22);

/// The time left after the drain to close the store and exit.
const EXIT: Duration = Duration::from_secs(8);

/// The longest `stopTimeout` of ECS on Fargate
/// ([ContainerDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html)).
const LONGEST_STOP: Duration = Duration::from_secs(120);

/// Ten years, in seconds. A session that has to live longer can have a name, which does not expire.
const MAX_SESSION_TTL: u64 = 10 * 365 * 24 * 60 * 60;

/// A day, in seconds. No load balancer keeps an idle connection for longer.
const MAX_KEEP_ALIVE: u64 = 24 * 60 * 60;

/// The longest request: shorter than the drain, so that a request accepted before the stop signal gets its response.
const MAX_REQUEST_SECONDS: u64 = DRAIN.as_secs() - 1;

/// The limits of a request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest body, in bytes. A longer one gets a 413.
    pub body_bytes: usize,
    /// The longest wait for head or body. A slower one gets a 408.
    pub body_timeout: Duration,
    /// The longest time until the response. A 504 replaces a later one.
    pub request_timeout: Duration,
    /// The time for which an idle connection is kept.
    pub keep_alive: Duration,
    /// The time from the stop signal until the drain, in which the service goes on serving.
    pub lame_duck: Duration,
    /// The number of open connections, if it is set. `capacity.rs` has the default.
    pub max_connections: Option<u32>,
    /// The number of concurrent requests. Further ones get a 503 with Retry-After.
    pub concurrency: usize,
    /// The rate limit of each principal; `None` for none.
    pub rate: Option<RateLimit>,
    /// The bytes of notes in one result. A cursor leads to the rest.
    pub answer_bytes: usize,
    /// The lifetime of a session from `create_session`.
    pub session_ttl: Duration,
}

pub(super) fn parse(problems: &mut Problems, flags: &Flags) -> Limits {
    Limits {
        body_bytes: problems.number(setting!(flags.max_body_bytes), 1024..=64 << 20),
        body_timeout: problems.seconds(setting!(flags.body_timeout), 1..=MAX_REQUEST_SECONDS),
        request_timeout: problems.seconds(setting!(flags.request_timeout), 1..=MAX_REQUEST_SECONDS),
        keep_alive: problems.seconds(setting!(flags.keep_alive), 1..=MAX_KEEP_ALIVE),
        lame_duck: lame_duck(problems, setting!(flags.lame_duck)),
        max_connections: setting!(flags.max_connections?).map(|setting| problems.number(setting, 1..=1_000_000)),
        concurrency: problems.number(setting!(flags.max_concurrency), 1..=65_536),
        rate: rate_limit::parse(problems, setting!(flags.rate_limit)),
        answer_bytes: problems.number(setting!(flags.max_answer_bytes), 1024..=64 << 20),
        session_ttl: problems.seconds(setting!(flags.session_ttl), 1..=MAX_SESSION_TTL),
    }
}

fn lame_duck(problems: &mut Problems, setting: Setting<'_>) -> Duration {
    let lame_duck = problems.seconds(setting, 0..=60 * 60);
    let longest = LONGEST_STOP - DRAIN - EXIT;
    if lame_duck > longest {
        let [given, drain, stop, longest] = [lame_duck, DRAIN, LONGEST_STOP, longest].map(|time| time.as_secs());
        problems.add(
            setting.field,
            format_args!(
                "{given} s and the drain of {drain} s do not fit into the longest stopTimeout of ECS, {stop} s; \
                 set at most {longest}"
            ),
        );
    }
    lame_duck
}
