//! Faults of the store, and the plans that select the requests they strike.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

/// A failure of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The table rejects a request for exceeding its throughput. The request is not executed.
    Throttle,
    /// No response arrives until the server's time-out. The request is not executed.
    Silent,
    /// The table executes a write, and the connection breaks before the response. Strikes writes only.
    WriteThenBreak,
    /// Another writer is faster: the condition of a write does not hold, or a transaction collides with another.
    /// Strikes conditional writes and transactions only.
    Conflict,
}

impl Fault {
    fn fits(self, operation: &str, body: &Value) -> bool {
        match self {
            Self::Throttle | Self::Silent => true,
            Self::WriteThenBreak => {
                ["BatchWriteItem", "PutItem", "TransactWriteItems", "UpdateItem"].contains(&operation)
            }
            Self::Conflict => operation == "TransactWriteItems" || body["ConditionExpression"].is_string(),
        }
    }
}

/// The planned faults of a store.
#[derive(Debug, Default)]
pub struct Faults {
    plans: Mutex<Vec<Plan>>,
    struck: AtomicUsize,
}

#[derive(Debug)]
struct Plan {
    fault: Fault,
    strikes: Strikes,
}

#[derive(Debug)]
enum Strikes {
    /// This number of requests is left.
    Next(usize),
    /// This share of a hundred, and the number of requests seen.
    Percent(u64, u64),
}

impl Faults {
    /// Strikes the next `requests` requests that the fault fits.
    pub fn next(&self, requests: usize, fault: Fault) {
        self.plan(fault, Strikes::Next(requests));
    }

    /// Strikes `percent` of a hundred requests that the fault fits, until [`clear`](Self::clear). The same sequence of
    /// requests is struck in every run.
    pub fn percent(&self, percent: u64, fault: Fault) {
        self.plan(fault, Strikes::Percent(percent, 0));
    }

    /// Removes all planned faults.
    pub fn clear(&self) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the number of requests that met a fault.
    pub fn struck(&self) -> usize {
        self.struck.load(Ordering::SeqCst)
    }

    fn plan(&self, fault: Fault, strikes: Strikes) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).push(Plan { fault, strikes });
    }

    /// Returns the fault of a request, from the first plan that strikes.
    pub(super) fn strike(&self, operation: &str, body: &Value) -> Option<Fault> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fitting = plans.iter_mut().filter(|plan| plan.fault.fits(operation, body));
        let fault = fitting.find_map(|plan| plan.strikes.next().then_some(plan.fault))?;
        self.struck.fetch_add(1, Ordering::SeqCst);
        Some(fault)
    }
}

impl Strikes {
    fn next(&mut self) -> bool {
        match self {
            Self::Next(left) => {
                let strikes = *left > 0;
                *left = left.saturating_sub(1);
                strikes
            }
            Self::Percent(percent, seen) => {
                *seen += 1;
                scatter(*seen) % 100 < *percent
            }
        }
    }
}

/// SplitMix64 with a fixed seed: looks random, and is the same in every run.
fn scatter(n: u64) -> u64 {
    let mut bits = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fault_strikes_only_what_it_fits() {
        let faults = Faults::default();
        faults.next(1, Fault::Conflict);
        let conditional = json!({"ConditionExpression": "attribute_not_exists(pk)"});
        assert_eq!(faults.strike("GetItem", &json!({})), None);
        assert_eq!(faults.strike("PutItem", &json!({})), None);
        assert_eq!(faults.strike("PutItem", &conditional), Some(Fault::Conflict));
        assert_eq!(faults.strike("PutItem", &conditional), None);
        assert_eq!(faults.struck(), 1);
    }

    #[test]
    fn percent_strikes_its_share() {
        let faults = Faults::default();
        faults.percent(20, Fault::Throttle);
        let struck = (0..1_000).filter(|_| faults.strike("GetItem", &Value::Null).is_some()).count();
        assert!((150..250).contains(&struck), "{struck}");
    }
}
