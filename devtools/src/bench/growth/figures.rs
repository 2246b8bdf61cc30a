//! The figures of `docs/bench/growth.json`, with look-ups and exponents.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::power_law::exponent;
use crate::bench::{machine::Machine, stand_in::Cost};

/// One run of `cargo xtask bench --growth`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Growth {
    /// Start of the run, in UTC.
    pub(crate) date: String,
    /// The measured revision of the checkout.
    pub(crate) revision: String,
    pub(crate) machine: Machine,
    pub(crate) axes: Vec<Axis>,
}

/// The quantity that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dimension {
    Notes,
    Sessions,
    Replicas,
}

/// All measurements along one dimension.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Axis {
    #[serde(rename = "grows")]
    pub(crate) dimension: Dimension,
    pub(crate) curves: Vec<Curve>,
    /// Position and seconds of each time that the store was filled.
    pub(crate) filled: Vec<(u64, f64)>,
}

/// The measurements of one kind of call along an axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Curve {
    pub(crate) call: String,
    pub(crate) points: Vec<Point>,
}

/// The measurement of one kind of call at one position of an axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) at: u64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Measured(Measured),
    /// No figure, with the reason.
    Missing(String),
}

/// The cost of one call, or of one note where a call deletes many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Number of calls or notes that the CPU time is averaged over.
    pub(crate) over: u64,
    /// CPU time of the service's processes, in microseconds.
    pub(crate) cpu_us: f64,
    pub(crate) store_calls: f64,
    pub(crate) units: f64,
}

/// A figure of a measurement.
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
    /// Averages the CPU seconds of `over` calls and the store operations of `counted` calls.
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
    pub(crate) fn new(dimension: Dimension) -> Self {
        Self { dimension, curves: Vec::new(), filled: Vec::new() }
    }

    /// Adds the outcome of a call at a position.
    pub(crate) fn push(&mut self, call: &str, at: u64, outcome: Outcome) {
        let point = Point { at, outcome };
        match self.curves.iter_mut().find(|curve| curve.call == call) {
            Some(curve) => curve.points.push(point),
            None => self.curves.push(Curve { call: call.to_owned(), points: vec![point] }),
        }
    }

    /// Lists the positions in ascending order.
    pub(crate) fn positions(&self) -> Vec<u64> {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        points.map(|point| point.at).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Curve {
    /// Lists position and figure of each measured point.
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

    /// A curve with figures at 100 and 1,000, and none at 10,000.
    pub(crate) fn axis_with_a_gap() -> Axis {
        let mut axis = Axis::new(Dimension::Notes);
        for (at, cpu_us) in [(100, 10.0), (1000, 100.0)] {
            axis.push(
                "reset_session",
                at,
                Outcome::Measured(Measured { over: 1, cpu_us, store_calls: 1.0, units: 2.0 }),
            );
        }
        axis.push("reset_session", 10_000, Outcome::Missing("the deadline came first".to_owned()));
        axis
    }

    #[test]
    fn kept_figures_round_trip() {
        let kept = include_str!("../../../../docs/bench/growth.json");
        let growth: Growth = serde_json::from_str(kept).unwrap();
        assert_eq!(serde_json::to_value(&growth).unwrap(), serde_json::from_str::<serde_json::Value>(kept).unwrap());
    }

    #[test]
    fn missing_point_has_a_position_but_no_figure() {
        let axis = axis_with_a_gap();
        assert_eq!(axis.positions(), [100, 1000, 10_000]);
        assert_eq!(axis.curves[0].measured(Figure::Cpu), [(100.0, 10.0), (1000.0, 100.0)]);
        assert!((axis.curves[0].exponent(Figure::Cpu).unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn counts_are_averaged_over_calls() {
        let cost = Cost::from([("PutItem".to_owned(), (20, 20.0)), ("Query".to_owned(), (10, 5.0))]);
        let measured = Measured::new(0.5, 1000, &cost, 10);
        assert_eq!(measured, Measured { over: 1000, cpu_us: 500.0, store_calls: 3.0, units: 2.5 });
    }
}
