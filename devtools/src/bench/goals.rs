//! The goals of the project with their measured values. A goal bounds one figure, or the ratio of the service's figure
//! to another server's in the same run.

use bench_load::{
    Api::{Echo, Mcp2026, Rest},
    Work::{self, AddNote, EchoHot, GetNotes, Mix},
};

use super::{
    figures::Figures,
    peer::Peer::{self, Axum, FastMcp, Rmcp, Sdk, Service, Stdlib, TypeScript},
    schedule::DELAY_MS,
};

/// A goal with its measured value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Goal {
    pub(crate) figure: String,
    /// Upper bound.
    pub(crate) bound: f64,
    /// `None` if this run did not measure it.
    pub(crate) measured: Option<f64>,
    pub(crate) unit: &'static str,
}

impl Goal {
    pub(crate) fn met(&self) -> Option<bool> {
        self.measured.map(|measured| measured <= self.bound)
    }
}

/// Lists all goals.
pub(crate) fn goals(figures: &Figures) -> Vec<Goal> {
    let interleaved =
        |own_api, (other, api)| Some(figures.interleaved(Service, own_api)? / figures.interleaved(other, api)?);
    let cpu = |other: Peer, work| {
        // Compares the same API: MCP with MCP, REST with REST.
        let api = *other.apis().first()?;
        Some(figures.cpu(Service, api, work)? / figures.cpu(other, api, work)?)
    };
    let mut goals = vec![
        goal(
            "hot `echo_cached` over MCP ÷ rmcp alone: CPU per request",
            1.05,
            interleaved(Mcp2026, (Rmcp, Mcp2026)),
            "×",
        ),
        goal("hot `echo_cached` over MCP ÷ axum echo: CPU per request", 3.3, interleaved(Mcp2026, (Axum, Echo)), "×"),
        goal("hot `echo_cached` over REST ÷ axum echo: CPU per request", 1.3, interleaved(Rest, (Axum, Echo)), "×"),
    ];
    let others: [(Peer, f64, f64); 3] = [(FastMcp, 50.0, 20.0), (TypeScript, 30.0, 12.0), (Stdlib, 24.0, 9.0)];
    for (work, name) in [(EchoHot, "hot `echo_cached`"), (Mix, "mix on the store")] {
        for (other, hot, mix) in others {
            let bound = 1.0 / if work == EchoHot { hot } else { mix };
            goals.push(goal(format!("{name} ÷ {}: CPU per request", other.name()), bound, cpu(other, work), "×"));
        }
    }
    let per_call = store_call_cpu(figures).zip(bare_call_cpu(figures)).map(|(service, bare)| service / bare);
    goals.push(goal("CPU per DynamoDB call ÷ unmodified AWS SDK", 0.5, per_call, "×"));
    for work in [AddNote, GetNotes] {
        let figure = format!("{} with the store {DELAY_MS} ms away: p50 minus a bare SDK call's", work.name());
        goals.push(goal(figure, 0.3, latency_over_bare_call(figures, work), "ms"));
    }
    goals.push(goal("`add_note` without a key: write units", 2.0, write_units(figures), "units"));
    goals.push(goal("start to first response, embedded", 15.0, Some(figures.embedded_start_ms), "ms"));
    goals.push(goal("start to first response, DynamoDB", 20.0, Some(figures.dynamodb_start_ms), "ms"));
    let ready = figures.image.as_ref().map(|image| image.ready_mb);
    goals.push(goal("resident memory of the image's binary, idle", 12.0, ready, "MB"));
    let thousand = Some(figures.thousand_connections_mb);
    goals.push(goal("resident memory with 1,000 connections", 40.0, thousand, "MB"));
    let image = figures.image.as_ref().map(|image| image.size.bytes() as f64 / 1e6);
    goals.push(goal("image, compressed", 7.0, image, "MB"));
    goals
}

fn goal(figure: impl Into<String>, bound: f64, measured: Option<f64>, unit: &'static str) -> Goal {
    Goal { figure: figure.into(), bound, measured, unit }
}

/// The service's CPU for one call to the store, in seconds per 1,000. `add_note` makes two calls, and the share of a
/// request without any is subtracted.
fn store_call_cpu(figures: &Figures) -> Option<f64> {
    Some((figures.cpu(Service, Rest, AddNote)? - figures.cpu(Service, Rest, EchoHot)?) / 2.0)
}

/// The same for an unmodified SDK call behind axum.
fn bare_call_cpu(figures: &Figures) -> Option<f64> {
    Some(figures.cpu(Sdk, Rest, AddNote)? - figures.cpu(Axum, Echo, EchoHot)?)
}

fn latency_over_bare_call(figures: &Figures, work: Work) -> Option<f64> {
    let p50 = |peer, api| figures.row(peer, api, work, 1, DELAY_MS).map(|row| row.p50_ms);
    Some(p50(Service, Mcp2026)? - p50(Sdk, Rest)?)
}

fn write_units(figures: &Figures) -> Option<f64> {
    let cost = figures.costs.iter().find(|cost| (cost.peer, cost.work) == (Service, AddNote))?;
    Some(cost.operations.values().map(|(_, units)| units).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goal_is_met_at_its_bound() {
        assert_eq!(goal("x", 1.0, Some(1.0), "×").met(), Some(true));
        assert_eq!(goal("x", 1.0, Some(1.01), "×").met(), Some(false));
        assert_eq!(goal("x", 1.0, None, "×").met(), None);
    }
}
