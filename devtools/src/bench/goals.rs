//! The goals, and what was measured of each. A goal is a figure of ours over another's in the same run, or a bound on one.

use bench_load::{
    Surface::{Echo, Mcp2026, Rest},
    Work::{self, AddNote, EchoHot, GetNotes, Mix},
};

use super::{
    figures::Figures,
    peer::Contestant::{self, Axum, FastMcp, Ours, Rmcp, Sdk, Stdlib, TypeScript},
    schedule::DELAY_MS,
};

/// A goal and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Goal {
    pub(crate) figure: String,
    /// At most this.
    pub(crate) bound: f64,
    /// What was measured, if this run has it.
    pub(crate) measured: Option<f64>,
    pub(crate) unit: &'static str,
}

impl Goal {
    pub(crate) fn met(&self) -> Option<bool> {
        self.measured.map(|measured| measured <= self.bound)
    }
}

/// All goals that a run of the bench can tell of.
pub(crate) fn goals(figures: &Figures) -> Vec<Goal> {
    let duel = |ours, (other, surface)| Some(figures.duel(Ours, ours)? / figures.duel(other, surface)?);
    let cpu = |other: Contestant, work| {
        // Each by its own surface: MCP against MCP, REST against REST.
        let surface = *other.surfaces().first()?;
        Some(figures.cpu(Ours, surface, work)? / figures.cpu(other, surface, work)?)
    };
    let mut goals = vec![
        goal("hot `echo_cached` over MCP ÷ rmcp alone: CPU per request", 1.05, duel(Mcp2026, (Rmcp, Mcp2026)), "×"),
        goal("hot `echo_cached` over MCP ÷ axum echo: CPU per request", 3.3, duel(Mcp2026, (Axum, Echo)), "×"),
        goal("hot `echo_cached` over REST ÷ axum echo: CPU per request", 1.3, duel(Rest, (Axum, Echo)), "×"),
    ];
    let others: [(Contestant, f64, f64); 3] = [(FastMcp, 50.0, 20.0), (TypeScript, 30.0, 12.0), (Stdlib, 24.0, 9.0)];
    for (work, name) in [(EchoHot, "hot `echo_cached`"), (Mix, "mix on the store")] {
        for (other, hot, mix) in others {
            let bound = 1.0 / if work == EchoHot { hot } else { mix };
            goals.push(goal(format!("{name} ÷ {}: CPU per request", other.name()), bound, cpu(other, work), "×"));
        }
    }
    let per_call = Some((our_call(figures), bare_call(figures)));
    let per_call = per_call.and_then(|(ours, bare)| Some(ours? / bare?));
    goals.push(goal("CPU per DynamoDB call ÷ the SDK's as it comes", 0.5, per_call, "×"));
    for work in [AddNote, GetNotes] {
        let figure = format!("{} with the store {DELAY_MS} ms away, p50 over one bare SDK call's", work.name());
        goals.push(goal(figure, 0.3, later_than_bare(figures, work), "ms"));
    }
    goals.push(goal("`add_note` without a key: write units", 2.0, write_units(figures), "units"));
    goals.push(goal("start to first answer, embedded", 15.0, Some(figures.embedded_start_ms), "ms"));
    goals.push(goal("start to first answer, DynamoDB", 20.0, Some(figures.dynamodb_start_ms), "ms"));
    let ready = figures.image.as_ref().map(|image| image.ready_mb);
    goals.push(goal("resident memory of the image's binary, idle", 12.0, ready, "MB"));
    let thousand = Some(figures.thousand_connections_mb);
    goals.push(goal("resident memory, 1,000 connections at work", 40.0, thousand, "MB"));
    let image = figures.image.as_ref().map(|image| image.weight.bytes() as f64 / 1e6);
    goals.push(goal("image, compressed", 7.0, image, "MB"));
    goals
}

fn goal(figure: impl Into<String>, bound: f64, measured: Option<f64>, unit: &'static str) -> Goal {
    Goal { figure: figure.into(), bound, measured, unit }
}

/// Our CPU for a call to the store, in seconds per 1,000: a note takes two, and what a request takes without any is left out.
fn our_call(figures: &Figures) -> Option<f64> {
    Some((figures.cpu(Ours, Rest, AddNote)? - figures.cpu(Ours, Rest, EchoHot)?) / 2.0)
}

/// The same for a bare call behind axum.
fn bare_call(figures: &Figures) -> Option<f64> {
    Some(figures.cpu(Sdk, Rest, AddNote)? - figures.cpu(Axum, Echo, EchoHot)?)
}

fn later_than_bare(figures: &Figures, work: Work) -> Option<f64> {
    let p50 = |contestant, surface| figures.row(contestant, surface, work, 1, DELAY_MS).map(|row| row.p50_ms);
    Some(p50(Ours, Mcp2026)? - p50(Sdk, Rest)?)
}

fn write_units(figures: &Figures) -> Option<f64> {
    let cost = figures.costs.iter().find(|cost| (cost.contestant, cost.work) == (Ours, AddNote))?;
    Some(cost.operations.values().map(|(_, units)| units).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_bound_and_unknown_without_a_figure() {
        assert_eq!(goal("x", 1.0, Some(1.0), "×").met(), Some(true));
        assert_eq!(goal("x", 1.0, Some(1.01), "×").met(), Some(false));
        assert_eq!(goal("x", 1.0, None, "×").met(), None);
    }
}
