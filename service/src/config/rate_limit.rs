//! The setting of the rate limit: `off`, or requests a second or a minute with a burst.

use std::{num::NonZeroU32, time::Duration};

use super::problems::{Problems, Setting};

/// The limit of a principal's requests at one replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The requests in each [`period`](Self::period), in the long run.
    pub requests: NonZeroU32,
    /// A second or a minute.
    pub period: Duration,
    /// The requests at once after a pause.
    pub burst: NonZeroU32,
}

const PERIODS: [(&str, Duration); 2] = [("/s", Duration::from_secs(1)), ("/min", Duration::from_secs(60))];
const MAX_REQUESTS: u32 = 1_000_000;

/// Parses `off`, `100/s`, `100/s,burst=500` or `30/min`. Returns `None` for `off`. The default burst is the number of
/// requests in a period.
pub(super) fn parse(problems: &mut Problems, Setting { field, text }: Setting<'_>) -> Option<RateLimit> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    if compact == "off" {
        return None;
    }
    let limit = limit(&compact);
    if limit.is_none() {
        problems.add(
            field,
            format_args!(
                "invalid rate limit \"{text}\": expected off, or whole numbers from 1 to {MAX_REQUESTS} as in 100/s, \
                 100/s,burst=500 or 30/min"
            ),
        );
    }
    limit
}

fn limit(text: &str) -> Option<RateLimit> {
    let (rate, burst) = match text.split_once(',') {
        Some((rate, burst)) => (rate, Some(number(burst.strip_prefix("burst=")?)?)),
        None => (text, None),
    };
    let (requests, period) = PERIODS.iter().find_map(|(unit, period)| Some((rate.strip_suffix(unit)?, *period)))?;
    let requests = number(requests)?;
    Some(RateLimit { requests, period, burst: burst.unwrap_or(requests) })
}

fn number(text: &str) -> Option<NonZeroU32> {
    text.parse().ok().filter(|number: &NonZeroU32| number.get() <= MAX_REQUESTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::problems::ConfigError;

    fn parsed(text: &str) -> Result<Option<(u32, u64, u32)>, ConfigError> {
        let mut problems = Problems::default();
        let limit = parse(&mut problems, Setting { field: "rate_limit", text });
        problems.finish()?;
        Ok(limit.map(|limit| (limit.requests.get(), limit.period.as_secs(), limit.burst.get())))
    }

    #[test]
    fn rate_and_burst_are_parsed() {
        for (text, expected) in [
            ("off", None),
            ("OFF", None),
            ("100/s", Some((100, 1, 100))),
            ("30/min", Some((30, 60, 30))),
            ("20/s,burst=1", Some((20, 1, 1))),
            (" 1000000 / S , Burst = 1000000 ", Some((1_000_000, 1, 1_000_000))),
        ] {
            assert_eq!(parsed(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn invalid_limit_is_reported_with_an_example() {
        for text in
            ["", "0/s", "20", "20/h", "-1/s", "0.5/s", "1000001/s", "5/s,10", "5/s,burst=0", "5/s,burst=1000001", "/s"]
        {
            let problem = parsed(text).unwrap_err().to_string();
            assert!(problem.starts_with("--rate-limit (MCP_RATE_LIMIT): invalid rate limit"), "{problem}");
            assert!(problem.contains("100/s,burst=500"), "{problem}");
        }
    }
}
