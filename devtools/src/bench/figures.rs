//! What was measured, as `docs/bench/results.json` has it. Computes nothing but what is looked up.

use bench_load::{Surface, Work};
use serde::{Deserialize, Serialize};

use super::image_size::Weight;
use super::{machine::Machine, peer::Contestant, store::Cost};

/// A run of the bench.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// When it began, in UTC.
    pub(crate) date: String,
    /// What was measured, as git names it.
    pub(crate) revision: String,
    /// Whether it was the short run.
    pub(crate) quick: bool,
    pub(crate) machine: Machine,
    pub(crate) versions: Vec<String>,
    pub(crate) duels: Vec<Duel>,
    pub(crate) rows: Vec<Row>,
    pub(crate) processes: Vec<Process>,
    pub(crate) costs: Vec<ToolCost>,
    /// Our service's starts, and a thousand connections to it.
    pub(crate) embedded_start_ms: f64,
    pub(crate) dynamodb_start_ms: f64,
    pub(crate) thousand_connections_mb: f64,
    /// The release image, if this run built it.
    pub(crate) image: Option<Image>,
}

/// The image that a deploy pushes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) weight: Weight,
    /// Resident memory of its binary once `/readyz` answers.
    pub(crate) ready_mb: f64,
}

/// One kind of work at one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) contestant: Contestant,
    pub(crate) surface: Surface,
    pub(crate) work: Work,
    pub(crate) connections: u32,
    pub(crate) delay_ms: u64,
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_seconds_per_1000: f64,
}

/// Hot `echo_cached` at one of the servers that ran side by side and were asked in turn.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Duel {
    pub(crate) contestant: Contestant,
    pub(crate) surface: Surface,
    /// Each round's CPU seconds per 1,000 requests.
    pub(crate) rounds: Vec<f64>,
}

/// A server's process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) contestant: Contestant,
    pub(crate) first_answer_ms: f64,
    pub(crate) idle_mb: f64,
    pub(crate) peak_mb: f64,
    /// Of the binary, where it is one.
    pub(crate) size_mb: Option<f64>,
}

/// What one call of a tool took of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ToolCost {
    pub(crate) contestant: Contestant,
    pub(crate) work: Work,
    pub(crate) operations: Cost,
}

impl Figures {
    pub(crate) fn row(
        &self,
        contestant: Contestant,
        surface: Surface,
        work: Work,
        connections: u32,
        delay_ms: u64,
    ) -> Option<&Row> {
        self.rows.iter().find(|row| {
            (row.contestant, row.surface, row.work, row.connections, row.delay_ms)
                == (contestant, surface, work, connections, delay_ms)
        })
    }

    /// CPU seconds per 1,000 requests at 32 connections, the store beside.
    pub(crate) fn cpu(&self, contestant: Contestant, surface: Surface, work: Work) -> Option<f64> {
        self.row(contestant, surface, work, 32, 0).map(|row| row.cpu_seconds_per_1000)
    }

    pub(crate) fn duel(&self, contestant: Contestant, surface: Surface) -> Option<f64> {
        let found = self.duels.iter().find(|duel| (duel.contestant, duel.surface) == (contestant, surface))?;
        Some(median(&found.rounds))
    }
}

/// The middle one; of none, 0.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert_eq!(median(&[1.0, 9.0, 1.1]).to_bits(), 1.1_f64.to_bits());
        assert_eq!(median(&[]).to_bits(), 0.0_f64.to_bits());
    }
}
