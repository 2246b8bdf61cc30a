//! Starts and fills what a measurement of growth runs on: a stand-in for DynamoDB and replicas of the service.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bench_load::{Api, Work};

use crate::bench::{
    measured_server::{FirstCall, MeasuredServer},
    peer::{self, TOKEN},
    stand_in::StandIn,
};
use xtask::cargo::{self, build::Built};

/// Number of notes in one request to the stand-in.
const BATCH: u64 = 20_000;
/// Limit for filling the stand-in for one point.
const FILL_LIMIT: Duration = Duration::from_secs(300);

/// The binaries, and the directory of their logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub(crate) built: &'a Built,
    pub(crate) directory: &'a Path,
}

impl Setup<'_> {
    pub(crate) fn store(&self) -> anyhow::Result<StandIn> {
        StandIn::start(self.built.executable("bench-store")?, &self.directory.join("store.log"))
    }

    /// Starts a replica with the settings of a deployment and its table in the stand-in.
    pub(crate) fn start(&self, store: &StandIn) -> anyhow::Result<MeasuredServer> {
        let binary = self.built.executable(cargo::SERVICE)?;
        let line = |port| Ok(peer::service_line_at(binary, port, &store.endpoint()));
        let first_call = FirstCall { api: Api::Mcp2026, work: Work::EchoHot, token: Some(TOKEN) };
        MeasuredServer::start(line, first_call, &self.directory.join("service.log"))
    }
}

/// The name of a filled session.
pub(crate) fn session(number: u64) -> String {
    format!("grown-{number}")
}

/// Fills the store with sessions of `notes_each` notes. Returns the seconds it took, or `Err` with a reason if it took
/// too long.
pub(crate) fn fill(store: &StandIn, sessions: u64, notes_each: u64) -> anyhow::Result<Result<f64, String>> {
    let (started, notes) = (Instant::now(), sessions * notes_each);
    let mut from = 0;
    while from < notes {
        if started.elapsed() > FILL_LIMIT {
            let seconds = FILL_LIMIT.as_secs();
            return Ok(Err(format!("only {from} of {notes} notes were in the stand-in after {seconds} s")));
        }
        let to = notes.min(from + BATCH);
        store.fill(notes_each, from, to)?;
        from = to;
    }
    Ok(Ok(started.elapsed().as_secs_f64()))
}
