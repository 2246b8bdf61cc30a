//! What was measured, as `docs/bench/growth.json` has it. Computes nothing but the exponents.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fit::exponent;
use crate::bench::{machine::Machine, store::Cost};

/// A run of `cargo xtask bench --growth`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Growth {
    /// When it began, in UTC.
    pub(crate) date: String,
    /// What was measured, as git names it.
    pub(crate) revision: String,
    pub(crate) machine: Machine,
    pub(crate) axes: Vec<Axis>,
}

/// What there is more and more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grows {
    Notes,
    Sessions,
    Replicas,
}

/// All that was measured along one axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Axis {
    pub(crate) grows: Grows,
    pub(crate) curves: Vec<Curve>,
    /// How long it took to fill the store, in seconds, for each point that was filled.
    pub(crate) filled: Vec<(u64, f64)>,
}

/// One kind of call along an axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Curve {
    pub(crate) call: String,
    pub(crate) points: Vec<Point>,
}

/// One kind of call at one place of an axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) at: u64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Measured(Measured),
    /// Why there is no figure.
    Missing(String),
}

/// What one call took, or one note of a call that is about many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// So many calls, or notes, the CPU time is the mean of.
    pub(crate) over: u64,
    /// CPU of the service's processes, in microseconds.
    pub(crate) cpu_us: f64,
    pub(crate) store_calls: f64,
    pub(crate) units: f64,
}

/// A figure of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    Cpu,
    StoreCalls,
    Units,
}

impl Figure {
    pub(crate) const ALL: [Self; 3] = [Self::Cpu, Self::StoreCalls, Self::Units];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU of the service, µs",
            Self::StoreCalls => "DynamoDB calls",
            Self::Units => "capacity units",
        }
    }
}

impl Measured {
    /// CPU seconds over so many calls, and what so many counted calls took of the store.
    pub(crate) fn new(cpu_seconds: f64, over: u64, cost: &Cost, counted: u64) -> Self {
        let (calls, units) = cost.values().fold((0, 0.0), |(calls, units), cost| (calls + cost.0, units + cost.1));
        Self {
            over,
            cpu_us: cpu_seconds * 1e6 / over as f64,
            store_calls: calls as f64 / counted as f64,
            units: units / counted as f64,
        }
    }

    pub(crate) fn figure(&self, figure: Figure) -> f64 {
        match figure {
            Figure::Cpu => self.cpu_us,
            Figure::StoreCalls => self.store_calls,
            Figure::Units => self.units,
        }
    }
}

impl Axis {
    pub(crate) fn new(grows: Grows) -> Self {
        Self { grows, curves: Vec::new(), filled: Vec::new() }
    }

    /// Keeps what came of a call at a place.
    pub(crate) fn keep(&mut self, call: &str, at: u64, outcome: Outcome) {
        let point = Point { at, outcome };
        match self.curves.iter_mut().find(|curve| curve.call == call) {
            Some(curve) => curve.points.push(point),
            None => self.curves.push(Curve { call: call.to_owned(), points: vec![point] }),
        }
    }

    /// The places, in order.
    pub(crate) fn places(&self) -> Vec<u64> {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        points.map(|point| point.at).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Curve {
    /// The measured points, as a place and a figure.
    pub(crate) fn measured(&self, figure: Figure) -> Vec<(f64, f64)> {
        let measured = |point: &Point| match &point.outcome {
            Outcome::Measured(measured) => Some((point.at as f64, measured.figure(figure))),
            Outcome::Missing(_) => None,
        };
        self.points.iter().filter_map(measured).collect()
    }

    pub(crate) fn exponent(&self, figure: Figure) -> Option<f64> {
        exponent(&self.measured(figure))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A curve that is measured at 100 and 1,000, and not at 10,000.
    pub(crate) fn axis_with_a_gap() -> Axis {
        let mut axis = Axis::new(Grows::Notes);
        for (at, cpu_us) in [(100, 10.0), (1000, 100.0)] {
            axis.keep(
                "reset_session",
                at,
                Outcome::Measured(Measured { over: 1, cpu_us, store_calls: 1.0, units: 2.0 }),
            );
        }
        axis.keep("reset_session", 10_000, Outcome::Missing("the deadline came first".to_owned()));
        axis
    }

    #[test]
    fn a_missing_point_is_a_place_and_no_figure() {
        let axis = axis_with_a_gap();
        assert_eq!(axis.places(), [100, 1000, 10_000]);
        assert_eq!(axis.curves[0].measured(Figure::Cpu), [(100.0, 10.0), (1000.0, 100.0)]);
        assert!((axis.curves[0].exponent(Figure::Cpu).unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_counted_is_told_for_one_call() {
        let cost = Cost::from([("PutItem".to_owned(), (20, 20.0)), ("Query".to_owned(), (10, 5.0))]);
        let measured = Measured::new(0.5, 1000, &cost, 10);
        assert_eq!(measured, Measured { over: 1000, cpu_us: 500.0, store_calls: 3.0, units: 2.5 });
    }
}
