//! More and more replicas on one table: the same load in all, spread over them, and what all of them together take.

use std::thread;

use anyhow::anyhow;
use bench_load::{Plan, Surface, Work};

use super::figures::{Axis, Grows, Measured, Outcome};
use crate::bench::{
    load::{Driven, Load},
    peer::TOKEN,
    running::Running,
    service::Ours,
};
use xtask::ui;

const REPLICAS: [u32; 4] = [1, 2, 3, 4];
/// Connections in all: 1, 2, 3 and 4 divide it.
const CONNECTIONS: u32 = 12;
/// Calls in all, after those that warm up, and those that are counted.
const WARM: u64 = 240;
const COUNTED: u64 = 240;
const TIMED: u64 = 9600;
const LONGEST_SECONDS: f64 = 30.0;

pub(crate) fn measure(ours: &Ours<'_>) -> anyhow::Result<Axis> {
    let mut axis = Axis::new(Grows::Replicas);
    for replicas in REPLICAS {
        ui::step("measure", &format!("replicas: {replicas}"));
        let store = ours.store()?;
        let servers = (0..replicas).map(|_| ours.start(&store)).collect::<anyhow::Result<Vec<_>>>()?;
        let alone = format!("{}, by one replica as busy as each", Work::AddNote.name());
        let each = CONNECTIONS / replicas;
        for (call, servers, work) in [
            (Work::AddNote.name(), &servers[..], Work::AddNote),
            (&alone, &servers[..1], Work::AddNote),
            (Work::GetNotes.name(), &servers[..], Work::GetNotes),
            (Work::Mix.name(), &servers[..], Work::Mix),
        ] {
            let drive = |requests| drive(ours, servers, work, each, requests);
            drive(WARM)?;
            let mut counted = Total::default();
            let cost = store.cost_of(|| {
                counted = drive(COUNTED)?;
                Ok(())
            })?;
            let timed = drive(TIMED)?;
            let measured = Measured::new(timed.cpu_seconds, timed.requests, &cost, counted.requests);
            axis.keep(call, u64::from(replicas), Outcome::Measured(measured));
        }
    }
    Ok(axis)
}

#[derive(Debug, Default)]
struct Total {
    requests: u64,
    cpu_seconds: f64,
}

/// So many calls in all, as many to each replica over `connections` of its own, at the same time.
fn drive(ours: &Ours<'_>, servers: &[Running], work: Work, connections: u32, requests: u64) -> anyhow::Result<Total> {
    let replicas = servers.len() as u64;
    let driven: Vec<anyhow::Result<Driven>> = thread::scope(|scope| {
        let started: Vec<_> = servers
            .iter()
            .enumerate()
            .map(|(number, server)| {
                let plan = Plan {
                    address: server.address,
                    surface: Surface::Mcp2026,
                    token: Some(TOKEN.to_owned()),
                    work,
                    connections,
                    requests: requests / replicas,
                    seconds: LONGEST_SECONDS,
                    // No two runs ask for the same new text.
                    run: format!("{replicas}-{connections}-{number}-{requests}"),
                };
                scope.spawn(move || load_of(ours, number)?.drive(server, &plan))
            })
            .collect();
        let ended = started.into_iter().map(|thread| thread.join());
        ended.map(|driven| driven.unwrap_or_else(|_| Err(anyhow!("a load ended in a panic")))).collect()
    });
    driven.into_iter().try_fold(Total::default(), |total, driven| {
        let driven = driven?;
        Ok(Total {
            requests: total.requests + driven.report.requests,
            cpu_seconds: total.cpu_seconds + driven.cpu_seconds,
        })
    })
}

/// Each load has a directory for its plan and report.
fn load_of(ours: &Ours<'_>, number: usize) -> anyhow::Result<Load> {
    let directory = ours.directory.join(format!("load-{number}"));
    std::fs::create_dir_all(&directory)?;
    Ok(Load::new(ours.target, &directory))
}
