//! Growth of replicas on one table: the same load, spread over more replicas, and their total cost.

use std::thread;

use anyhow::anyhow;
use bench_load::{Api, Plan, Work};

use super::{
    figures::{Axis, Dimension, Measured, Outcome},
    setup::Setup,
};
use crate::bench::{
    load_generator::{LoadGenerator, LoadResult},
    measured_server::MeasuredServer,
    peer::TOKEN,
};
use xtask::ui;

const REPLICAS: [u32; 4] = [1, 2, 3, 4];
/// Total number of connections, divisible by 1, 2, 3 and 4.
const CONNECTIONS: u32 = 12;
/// Total numbers of calls.
const WARM_UP: u64 = 240;
const COUNTED: u64 = 240;
const TIMED: u64 = 9600;
const MAX_SECONDS: f64 = 30.0;

pub(crate) fn measure(setup: &Setup<'_>) -> anyhow::Result<Axis> {
    let mut axis = Axis::new(Dimension::Replicas);
    for replicas in REPLICAS {
        ui::step("measure", &format!("replicas: {replicas}"));
        let store = setup.store()?;
        let servers = (0..replicas).map(|_| setup.start(&store)).collect::<anyhow::Result<Vec<_>>>()?;
        let alone = format!("{}, by one replica as busy as each", Work::AddNote.name());
        let each = CONNECTIONS / replicas;
        for (call, servers, work) in [
            (Work::AddNote.name(), &servers[..], Work::AddNote),
            (&alone, &servers[..1], Work::AddNote),
            (Work::GetNotes.name(), &servers[..], Work::GetNotes),
            (Work::Mix.name(), &servers[..], Work::Mix),
        ] {
            let drive = |requests| drive(setup, servers, work, each, requests);
            drive(WARM_UP)?;
            let mut counted = Total::default();
            let cost = store.cost_of(|| {
                counted = drive(COUNTED)?;
                Ok(())
            })?;
            let timed = drive(TIMED)?;
            let measured = Measured::new(timed.cpu_seconds, timed.requests, &cost, counted.requests);
            axis.push(call, u64::from(replicas), Outcome::Measured(measured));
        }
    }
    Ok(axis)
}

#[derive(Debug, Default)]
struct Total {
    requests: u64,
    cpu_seconds: f64,
}

/// Sends the requests to all replicas in parallel, split evenly, with `connections` to each.
fn drive(
    setup: &Setup<'_>,
    servers: &[MeasuredServer],
    work: Work,
    connections: u32,
    requests: u64,
) -> anyhow::Result<Total> {
    let replicas = servers.len() as u64;
    let result: Vec<anyhow::Result<LoadResult>> = thread::scope(|scope| {
        let started: Vec<_> = servers
            .iter()
            .enumerate()
            .map(|(number, server)| {
                let plan = Plan {
                    address: server.address,
                    api: Api::Mcp2026,
                    token: Some(TOKEN.to_owned()),
                    work,
                    connections,
                    requests: requests / replicas,
                    seconds: MAX_SECONDS,
                    // Unique, so that no two runs echo the same new text.
                    run: format!("{replicas}-{connections}-{number}-{requests}"),
                };
                scope.spawn(move || load_of(setup, number)?.drive(server, &plan))
            })
            .collect();
        let ended = started.into_iter().map(|thread| thread.join());
        ended.map(|result| result.unwrap_or_else(|_| Err(anyhow!("a load generator panicked")))).collect()
    });
    result.into_iter().try_fold(Total::default(), |total, result| {
        let result = result?;
        Ok(Total {
            requests: total.requests + result.report.requests,
            cpu_seconds: total.cpu_seconds + result.cpu_seconds,
        })
    })
}

/// Creates a load generator with its own directory for plan and report.
fn load_of(setup: &Setup<'_>, number: usize) -> anyhow::Result<LoadGenerator> {
    let directory = setup.directory.join(format!("load-{number}"));
    std::fs::create_dir_all(&directory)?;
    LoadGenerator::new(setup.built, &directory)
}
