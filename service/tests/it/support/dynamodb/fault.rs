//! What can go wrong with a request, and with which ones it does. The same plan strikes the same requests every time.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Refused as over the throughput.
    Throttle,
    /// Answered 500, and not done.
    Fail,
    /// Not done, and never answered.
    Silent,
    /// Done, but the answer never comes.
    DoneButSilent,
    /// Done, but the connection breaks in the middle of the answer.
    DoneButCut,
    /// Two thirds of a batch's requests come back unprocessed.
    Unprocessed,
}

/// A fault and the requests it strikes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(super) fault: Fault,
    strikes: Strikes,
    seen: u64,
}

#[derive(Debug, Clone, Copy)]
enum Strikes {
    First(u32),
    Percent(u64),
    Bursts { length: u64, every: u64 },
}

impl Fault {
    /// The next so many requests.
    pub(crate) fn times(self, times: u32) -> Plan {
        Plan { fault: self, strikes: Strikes::First(times), seen: 0 }
    }

    /// Every request.
    pub(crate) fn always(self) -> Plan {
        self.times(u32::MAX)
    }

    /// So many of a hundred requests, steadily.
    pub(crate) fn percent(self, percent: u64) -> Plan {
        Plan { fault: self, strikes: Strikes::Percent(percent), seen: 0 }
    }

    /// The first `length` of each `every` requests.
    pub(crate) fn bursts(self, length: u64, every: u64) -> Plan {
        Plan { fault: self, strikes: Strikes::Bursts { length, every }, seen: 0 }
    }
}

impl Plan {
    /// In place of an operation's name: all operations, counted together.
    pub(crate) const EVERY: &str = "*";

    fn strikes(&mut self) -> bool {
        let n = self.seen;
        self.seen += 1;
        match self.strikes {
            Strikes::First(times) => n < u64::from(times),
            Strikes::Percent(percent) => scatter(n) % 100 < percent,
            Strikes::Bursts { length, every } => n % every < length,
        }
    }
}

/// SplitMix64 with a fixed seed: looks like chance and is not.
fn scatter(n: u64) -> u64 {
    let mut bits = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// All plans in force.
#[derive(Default)]
pub(super) struct Faults {
    plans: Mutex<Vec<(&'static str, Plan)>>,
    frozen_until: Mutex<Option<Instant>>,
    struck: AtomicU32,
}

impl Faults {
    pub(super) fn add(&self, operation: &'static str, plan: Plan) {
        self.plans.lock().unwrap().push((operation, plan));
    }

    pub(super) fn freeze(&self, time: Duration) {
        *self.frozen_until.lock().unwrap() = Some(Instant::now() + time);
    }

    pub(super) fn clear(&self) {
        self.plans.lock().unwrap().clear();
        *self.frozen_until.lock().unwrap() = None;
    }

    pub(super) fn strike(&self) {
        self.struck.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn struck(&self) -> u32 {
        self.struck.load(Ordering::SeqCst)
    }

    /// The fault that is next for an operation, of the first plan that strikes.
    pub(super) fn next(&self, operation: &str) -> Option<Fault> {
        let mut plans = self.plans.lock().unwrap();
        let mut meant = plans.iter_mut().filter(|(name, _)| [operation, Plan::EVERY].contains(name));
        let fault = meant.find_map(|(_, plan)| plan.strikes().then_some(plan.fault))?;
        self.strike();
        Some(fault)
    }

    /// Waits until the frost is over, if there is any.
    pub(super) async fn thaw(&self) {
        let until = self.frozen_until.lock().unwrap().filter(|until| *until > Instant::now());
        if let Some(until) = until {
            self.strike();
            tokio::time::sleep_until(until).await;
        }
    }
}
