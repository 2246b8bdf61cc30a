//! Measures a deploy and Terraform's share of it. Time spent waiting for an answer of the operator is not counted.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::terraform::command;

/// Runs from the beginning of a deploy to its end.
#[derive(Debug)]
pub(super) struct Stopwatch {
    since: Instant,
    paused: Duration,
    terraform_before: Duration,
}

/// Time that a deploy took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elapsed {
    total: Duration,
    terraform: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { since: Instant::now(), paused: Duration::ZERO, terraform_before: command::ran() }
    }

    /// Does not count the time of `question`.
    pub(super) fn pause<T>(&mut self, question: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let result = question();
        self.paused += since.elapsed();
        result
    }

    pub(super) fn elapsed(&self) -> Elapsed {
        Elapsed { total: self.since.elapsed() - self.paused, terraform: command::ran() - self.terraform_before }
    }
}

impl Elapsed {
    /// Seconds, rounded to hundredths.
    pub(super) fn seconds(self) -> f64 {
        seconds(self.total)
    }

    /// Seconds of Terraform's processes, rounded to hundredths.
    pub(super) fn terraform_seconds(self) -> f64 {
        seconds(self.terraform)
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s, of which Terraform took {:.1} s", self.total.as_secs_f64(), self.terraform.as_secs_f64())
    }
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_not_counted() {
        let mut stopwatch = Stopwatch::start();
        let asked = Duration::from_millis(20);
        stopwatch.pause(|| std::thread::sleep(asked));
        let elapsed = stopwatch.elapsed();
        assert!(elapsed.total + asked <= stopwatch.since.elapsed(), "{elapsed:?}");
    }

    #[test]
    fn text_has_tenths_and_events_have_hundredths() {
        let elapsed = Elapsed { total: Duration::from_millis(10_846), terraform: Duration::from_millis(9_262) };
        assert_eq!(elapsed.to_string(), "10.8 s, of which Terraform took 9.3 s");
        let seconds = (elapsed.seconds().to_string(), elapsed.terraform_seconds().to_string());
        assert_eq!(seconds, ("10.85".into(), "9.26".into()));
    }
}
