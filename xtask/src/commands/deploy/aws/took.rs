//! How long a deploy took, and how much of that was Terraform's, which is not ours to make shorter. Time in which a person
//! was asked is not counted.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::terraform::command;

/// Runs from the beginning of a deploy to its end.
#[derive(Debug)]
pub(super) struct Clock {
    since: Instant,
    stood_still: Duration,
    terraform_before: Duration,
}

/// What a clock shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    whole: Duration,
    terraform: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { since: Instant::now(), stood_still: Duration::ZERO, terraform_before: command::ran() }
    }

    /// Stands still while somebody else takes the time.
    pub(super) fn stand_still<T>(&mut self, meanwhile: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let result = meanwhile();
        self.stood_still += since.elapsed();
        result
    }

    pub(super) fn read(&self) -> Took {
        Took { whole: self.since.elapsed() - self.stood_still, terraform: command::ran() - self.terraform_before }
    }
}

impl Took {
    /// In seconds, to the hundredth.
    pub(super) fn seconds(self) -> f64 {
        seconds(self.whole)
    }

    /// The same of Terraform's processes.
    pub(super) fn terraform_seconds(self) -> f64 {
        seconds(self.terraform)
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s, {:.1} s of it Terraform's", self.whole.as_secs_f64(), self.terraform.as_secs_f64())
    }
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_does_not_count_while_it_stands_still() {
        let mut clock = Clock::start();
        let asked = Duration::from_millis(20);
        clock.stand_still(|| std::thread::sleep(asked));
        let took = clock.read();
        assert!(took.whole + asked <= clock.since.elapsed(), "{took:?}");
    }

    #[test]
    fn it_is_told_to_the_tenth_for_people_and_to_the_hundredth_for_programs() {
        let took = Took { whole: Duration::from_millis(10_846), terraform: Duration::from_millis(9_262) };
        assert_eq!(took.to_string(), "10.8 s, 9.3 s of it Terraform's");
        assert_eq!((took.seconds().to_string(), took.terraform_seconds().to_string()), ("10.85".into(), "9.26".into()));
    }
}
