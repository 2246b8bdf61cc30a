//! Faults, and the plans that select the requests they strike. The same plan strikes the same requests every time.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// The fault that strikes a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Rejected for exceeding the throughput.
    Throttle,
    /// Rejected with status 400 and this code, not executed.
    Reject(&'static str),
    /// Rejected with status 500, not executed.
    Fail,
    /// Not executed, and no response is sent.
    Silent,
    /// Executed, but no response is sent.
    DoneButSilent,
    /// Executed, but the connection breaks in the middle of the response.
    DoneButCut,
    /// Two thirds of a batch's requests are returned as unprocessed.
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
    /// Strikes the next `times` requests.
    pub(crate) fn times(self, times: u32) -> Plan {
        Plan { fault: self, strikes: Strikes::First(times), seen: 0 }
    }

    /// Strikes every request.
    pub(crate) fn always(self) -> Plan {
        self.times(u32::MAX)
    }

    /// Strikes `percent` of a hundred requests, at a steady rate.
    pub(crate) fn percent(self, percent: u64) -> Plan {
        Plan { fault: self, strikes: Strikes::Percent(percent), seen: 0 }
    }

    /// Strikes the first `length` of each `every` requests.
    pub(crate) fn bursts(self, length: u64, every: u64) -> Plan {
        Plan { fault: self, strikes: Strikes::Bursts { length, every }, seen: 0 }
    }
}

impl Plan {
    /// Stands for all operations, counted together.
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

/// SplitMix64 with a fixed seed: looks random, but is deterministic.
fn scatter(n: u64) -> u64 {
    let mut bits = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The active plans.
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

    /// Returns the next fault for an operation, from the first plan that strikes.
    pub(super) fn next(&self, operation: &str) -> Option<Fault> {
        let mut plans = self.plans.lock().unwrap();
        let mut matching = plans.iter_mut().filter(|(name, _)| [operation, Plan::EVERY].contains(name));
        let fault = matching.find_map(|(_, plan)| plan.strikes().then_some(plan.fault))?;
        self.strike();
        Some(fault)
    }

    /// Waits until the freeze is over, if there is one.
    pub(super) async fn thaw(&self) {
        let until = self.frozen_until.lock().unwrap().filter(|until| *until > Instant::now());
        if let Some(until) = until {
            self.strike();
            tokio::time::sleep_until(until).await;
        }
    }
}
