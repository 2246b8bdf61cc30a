//! The figures of `docs/bench/results.json`, with look-ups.

use bench_load::{Api, Work};
use serde::{Deserialize, Serialize};

use super::image_size::ImageSize;
use super::{machine::Machine, peer::Peer, stand_in::Cost};

/// One run of `cargo xtask bench`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Start of the run, in UTC.
    pub(crate) date: String,
    /// The measured revision of the checkout.
    pub(crate) revision: String,
    /// Set for `--quick`.
    pub(crate) quick: bool,
    pub(crate) machine: Machine,
    pub(crate) versions: Vec<String>,
    #[serde(rename = "duels")]
    pub(crate) interleaved: Vec<Interleaved>,
    pub(crate) rows: Vec<Row>,
    pub(crate) processes: Vec<Process>,
    pub(crate) costs: Vec<ToolCost>,
    /// Of the service alone.
    pub(crate) embedded_start_ms: f64,
    pub(crate) dynamodb_start_ms: f64,
    pub(crate) thousand_connections_mb: f64,
    /// The release image, if this run built it.
    pub(crate) image: Option<Image>,
}

/// The image that a deploy pushes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    #[serde(rename = "weight")]
    pub(crate) size: ImageSize,
    /// Resident memory of its binary once `/readyz` responds.
    pub(crate) ready_mb: f64,
}

/// One kind of work on one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    #[serde(rename = "contestant")]
    pub(crate) peer: Peer,
    #[serde(rename = "surface")]
    pub(crate) api: Api,
    pub(crate) work: Work,
    pub(crate) connections: u32,
    pub(crate) delay_ms: u64,
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) cpu_seconds_per_1000: f64,
}

/// Hot `echo_cached` on one of the servers that ran at the same time and were measured in alternation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Interleaved {
    #[serde(rename = "contestant")]
    pub(crate) peer: Peer,
    #[serde(rename = "surface")]
    pub(crate) api: Api,
    /// CPU seconds per 1,000 requests, for each round.
    pub(crate) rounds: Vec<f64>,
}

/// The process of a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Process {
    #[serde(rename = "contestant")]
    pub(crate) peer: Peer,
    pub(crate) first_answer_ms: f64,
    pub(crate) idle_mb: f64,
    pub(crate) peak_mb: f64,
    /// Size of the binary. `None` for scripts.
    pub(crate) size_mb: Option<f64>,
}

/// The store operations of one tool call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ToolCost {
    #[serde(rename = "contestant")]
    pub(crate) peer: Peer,
    pub(crate) work: Work,
    pub(crate) operations: Cost,
}

impl Figures {
    pub(crate) fn row(&self, peer: Peer, api: Api, work: Work, connections: u32, delay_ms: u64) -> Option<&Row> {
        self.rows.iter().find(|row| {
            (row.peer, row.api, row.work, row.connections, row.delay_ms) == (peer, api, work, connections, delay_ms)
        })
    }

    /// CPU seconds per 1,000 requests at 32 connections, with the store on the same machine.
    pub(crate) fn cpu(&self, peer: Peer, api: Api, work: Work) -> Option<f64> {
        self.row(peer, api, work, 32, 0).map(|row| row.cpu_seconds_per_1000)
    }

    pub(crate) fn interleaved(&self, peer: Peer, api: Api) -> Option<f64> {
        let found = self.interleaved.iter().find(|interleaved| (interleaved.peer, interleaved.api) == (peer, api))?;
        Some(median(&found.rounds))
    }
}

/// Returns the middle value, or 0 for an empty list.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_results_round_trip() {
        let kept = include_str!("../../../docs/bench/results.json");
        let figures: Figures = serde_json::from_str(kept).unwrap();
        assert_eq!(serde_json::to_value(&figures).unwrap(), serde_json::from_str::<serde_json::Value>(kept).unwrap());
    }

    #[test]
    fn median_ignores_one_outlier() {
        assert_eq!(median(&[1.0, 9.0, 1.1]).to_bits(), 1.1_f64.to_bits());
        assert_eq!(median(&[]).to_bits(), 0.0_f64.to_bits());
    }
}
