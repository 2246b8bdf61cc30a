//! Who does what, how often and for how long: the order of a run, and its bounds.

use std::path::{Path, PathBuf};

use bench_load::{Plan, Surface, Work};

use super::{
    figures::{Process, Row, ToolCost, median},
    load::{Driven, Load},
    packages::Packages,
    peer::{self, Contestant},
    running::{Ask, Running},
    store::Store,
    usage,
};
use crate::server::{self, Server};
use xtask::{cargo, ui};

/// No run asks more, however fast the server is.
const MOST_REQUESTS: u64 = 40_000;
/// So many requests our service works on at once.
const AT_ONCE: u32 = 256;
/// Our service is started so often, for the middle one.
const STARTS: usize = 9;
/// The store's delay, as on a real network.
pub(crate) const DELAY_MS: u64 = 5;

/// Where everything is, and how long a run takes.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) target: &'a Path,
    pub(crate) directory: &'a Path,
    pub(crate) packages: &'a Packages,
    pub(crate) load: Load,
    pub(crate) quick: bool,
}

/// What a contestant's turn gave.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) rows: Vec<Row>,
    pub(crate) process: Process,
    pub(crate) costs: Vec<ToolCost>,
}

impl Bench<'_> {
    /// A contestant's whole turn, on a store of its own: what its calls cost, then every kind of work.
    pub(crate) fn turn(&self, contestant: Contestant) -> anyhow::Result<Turn> {
        ui::step("measure", contestant.name());
        let store = self.store()?;
        let server = self.start(contestant, &store)?;
        let idle = server.usage()?.resident_bytes;
        let costs = self.costs(contestant, &server, &store)?;
        let (mut rows, mut peak) = (Vec::new(), idle);
        for (work, connections, delay_ms) in self.runs(contestant) {
            store.delay(delay_ms)?;
            for surface in contestant.surfaces() {
                let run = format!("{connections}-{delay_ms}-{}", rows.len());
                let driven = self.drive(contestant, *surface, &server, work, connections, &run)?;
                peak = peak.max(driven.peak_bytes);
                rows.push(row(contestant, *surface, work, connections, delay_ms, &driven));
            }
        }
        let size = contestant.binary(self.target).and_then(|binary| std::fs::metadata(binary).ok());
        let process = Process {
            contestant,
            first_answer_ms: milliseconds(&server),
            idle_mb: megabytes(idle),
            peak_mb: megabytes(peak),
            size_mb: size.map(|size| megabytes(size.len())),
        };
        Ok(Turn { rows, process, costs })
    }

    /// The middle of our service's starts, in milliseconds: embedded, and with the store beside.
    pub(crate) fn our_starts(&self) -> anyhow::Result<(f64, f64)> {
        ui::step("measure", "starts of mcp-stateful");
        let store = self.store()?;
        let (mut embedded, mut dynamodb) = (Vec::new(), Vec::new());
        for number in 0..STARTS {
            let file = self.directory.join(format!("notes-{number}.db"));
            let line = |port| {
                let line = peer::ours(&cargo::release_binary(self.target, "mcp-stateful"), port);
                Ok(line.env("MCP_STATE_BACKEND", "embedded").env("MCP_STATE_PATH", &file))
            };
            embedded.push(milliseconds(&Running::start(line, first_ask(Contestant::Ours), &self.log("embedded"))?));
            dynamodb.push(milliseconds(&self.start(Contestant::Ours, &store)?));
        }
        Ok((median(&embedded), median(&dynamodb)))
    }

    /// What a binary of ours has resident once it is ready, in megabytes.
    pub(crate) fn ready_mb(&self, binary: &Path) -> anyhow::Result<f64> {
        ui::step("measure", "the image's binary");
        let (store, port) = (self.store()?, xtask::local::ports::free_port()?);
        let line = peer::ours_at(binary, port, &store.endpoint());
        let server = Server::start(&line, port, &self.log("ready"))?;
        Ok(megabytes(usage::of(server.pid())?.resident_bytes))
    }

    /// Our service's memory with a thousand connections, in megabytes. It works on 256 requests at once and refuses more, so
    /// that many ask without pause, and the others have asked once and stay.
    pub(crate) fn thousand_connections(&self) -> anyhow::Result<f64> {
        ui::step("measure", "a thousand connections to mcp-stateful");
        let store = self.store()?;
        let server = self.start(Contestant::Ours, &store)?;
        let waiting = server.keep_open(1000 - AT_ONCE, first_ask(Contestant::Ours))?;
        let driven = self.drive(Contestant::Ours, Surface::Mcp2026, &server, Work::EchoHot, AT_ONCE, "thousand")?;
        drop(waiting);
        Ok(megabytes(driven.peak_bytes))
    }

    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        Store::start(&cargo::release_binary(self.target, "bench-store"), &self.log("store"))
    }

    pub(crate) fn start(&self, contestant: Contestant, store: &Store) -> anyhow::Result<Running> {
        let line = |port| contestant.line(self.target, self.packages, port, &store.endpoint());
        Running::start(line, first_ask(contestant), &self.log(&format!("{contestant:?}")))
    }

    pub(crate) fn drive(
        &self,
        contestant: Contestant,
        surface: Surface,
        server: &Running,
        work: Work,
        connections: u32,
        run: &str,
    ) -> anyhow::Result<Driven> {
        self.load.drive(
            server,
            &Plan {
                address: server.address,
                surface,
                token: contestant.token().map(str::to_owned),
                work,
                connections,
                requests: MOST_REQUESTS,
                seconds: if self.quick { 1.0 } else { 2.0 },
                run: run.to_owned(),
            },
        )
    }

    /// Kinds of work, connections, delay. The quick run leaves out all that no goal needs.
    fn runs(&self, contestant: Contestant) -> Vec<(Work, u32, u64)> {
        let mut runs = Vec::new();
        for work in Work::ALL.into_iter().filter(|work| contestant.does(*work)) {
            let connections: &[u32] = if self.quick { &[32] } else { &[1, 32, 256] };
            runs.extend(connections.iter().map(|connections| (work, *connections, 0)));
            let delayed: &[u32] = match (self.quick, work) {
                _ if !contestant.uses_store() => &[],
                (false, _) => &[1, 32, 256],
                (true, Work::AddNote | Work::GetNotes) => &[1],
                (true, _) => &[],
            };
            runs.extend(delayed.iter().map(|connections| (work, *connections, DELAY_MS)));
        }
        runs
    }

    /// What one call of each tool takes of the store.
    fn costs(&self, contestant: Contestant, server: &Running, store: &Store) -> anyhow::Result<Vec<ToolCost>> {
        let Some(surface) = contestant.surfaces().first().filter(|_| contestant.uses_store()) else {
            return Ok(Vec::new());
        };
        let mut costs = Vec::new();
        for work in Work::ALL.into_iter().filter(|work| *work != Work::Mix && contestant.does(*work)) {
            let mut plan = Plan {
                address: server.address,
                surface: *surface,
                token: contestant.token().map(str::to_owned),
                work,
                connections: 1,
                requests: 1,
                seconds: 10.0,
                run: "warm".to_owned(),
            };
            // The first call may also make the session's item, or fill a cache.
            self.load.drive(server, &plan)?;
            "cost".clone_into(&mut plan.run);
            let operations = store.cost_of(|| self.load.drive(server, &plan).map(drop))?;
            costs.push(ToolCost { contestant, work, operations });
        }
        Ok(costs)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.log"))
    }
}

/// An empty directory for what a run writes.
pub(crate) fn directory(target: &Path) -> anyhow::Result<PathBuf> {
    server::fresh_directory(target.join("tools").join("bench-run"))
}

/// The first surface, and work that every contestant has; the bare SDK call has only notes.
fn first_ask(contestant: Contestant) -> Ask {
    let work = if contestant.does(Work::EchoHot) { Work::EchoHot } else { Work::AddNote };
    let surface = contestant.surfaces().first().copied().unwrap_or(Surface::Rest);
    Ask { surface, work, token: contestant.token() }
}

fn row(contestant: Contestant, surface: Surface, work: Work, connections: u32, delay_ms: u64, driven: &Driven) -> Row {
    Row {
        contestant,
        surface,
        work,
        connections,
        delay_ms,
        requests: driven.report.requests,
        per_second: driven.report.requests as f64 / driven.report.seconds,
        p50_ms: driven.report.p50_ms,
        p99_ms: driven.report.p99_ms,
        cpu_seconds_per_1000: driven.cpu_per_1000(),
    }
}

fn milliseconds(server: &Running) -> f64 {
    server.first_answer.as_secs_f64() * 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
