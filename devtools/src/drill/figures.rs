//! Percentiles and gaps of the times in a journal.

use std::time::Duration;

/// Returns a percentile by nearest rank, so it is always a measured time.
pub(super) fn percentile(times: &mut [Duration], percent: usize) -> Option<Duration> {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied()
}

/// Returns the longest gap between two consecutive moments, with `from` and `to` as the first and the last.
pub(super) fn longest_gap(mut moments: Vec<Duration>, from: Duration, to: Duration) -> Duration {
    moments.retain(|moment| (from..=to).contains(moment));
    moments.extend([from, to]);
    moments.sort_unstable();
    moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_secs).collect()
    }

    #[test]
    fn percentile_is_a_measured_time() {
        let mut times = seconds((1..=100).rev());
        assert_eq!(percentile(&mut times, 50), Some(Duration::from_secs(50)));
        assert_eq!(percentile(&mut times, 99), Some(Duration::from_secs(99)));
        assert_eq!(percentile(&mut seconds([7]), 99), Some(Duration::from_secs(7)));
        assert_eq!(percentile(&mut [], 50), None);
    }

    #[test]
    fn gap_may_be_at_either_end() {
        let gap = |moments: &[u64], to| {
            longest_gap(seconds(moments.iter().copied()), Duration::ZERO, Duration::from_secs(to))
        };
        assert_eq!(gap(&[1, 2, 5, 6], 7), Duration::from_secs(3));
        assert_eq!(gap(&[6, 1], 7), Duration::from_secs(5));
        assert_eq!(gap(&[4, 5], 6), Duration::from_secs(4));
        assert_eq!(gap(&[1], 9), Duration::from_secs(8));
        assert_eq!(gap(&[], 9), Duration::from_secs(9));
    }
}
