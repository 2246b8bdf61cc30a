//! The schedule of a run: which work each server gets, how often and for how long.

use std::path::{Path, PathBuf};

use bench_load::{Api, Plan, Work};

use super::{
    figures::{Process, Row, ToolCost, median},
    load_generator::{LoadGenerator, LoadResult},
    measured_server::{FirstCall, MeasuredServer},
    packages::Packages,
    peer::{self, Peer},
    stand_in::StandIn,
    usage,
};
use crate::server::{self, Server};
use xtask::{
    cargo::{self, build::Built},
    ui,
};

/// Limit for the requests of one measurement, however fast the server is.
const MAX_REQUESTS: u64 = 40_000;
/// The service's limit for concurrent requests. It rejects further ones.
const MAX_CONCURRENCY: u32 = 256;
/// Number of starts of the service. The median counts.
const STARTS: usize = 9;
/// The store's delay, to model a network.
pub(crate) const DELAY_MS: u64 = 5;

/// The inputs of a run.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) built: &'a Built,
    pub(crate) directory: &'a Path,
    pub(crate) packages: &'a Packages,
    pub(crate) load: LoadGenerator,
    pub(crate) quick: bool,
}

/// The measurements of one server.
#[derive(Debug)]
pub(crate) struct Measurements {
    pub(crate) rows: Vec<Row>,
    pub(crate) process: Process,
    pub(crate) costs: Vec<ToolCost>,
}

impl Bench<'_> {
    /// Measures one server on a new store: first the cost of each tool, then every kind of work.
    pub(crate) fn measure(&self, peer: Peer) -> anyhow::Result<Measurements> {
        ui::step("measure", peer.name());
        let store = self.store()?;
        let server = self.start(peer, &store)?;
        let idle = server.usage()?.resident_bytes;
        let costs = self.costs(peer, &server, &store)?;
        let (mut rows, mut peak) = (Vec::new(), idle);
        for (work, connections, delay_ms) in self.runs(peer) {
            store.set_delay(delay_ms)?;
            for api in peer.apis() {
                let run = format!("{connections}-{delay_ms}-{}", rows.len());
                let result = self.drive(peer, *api, &server, work, connections, &run)?;
                peak = peak.max(result.peak_bytes);
                rows.push(row(peer, *api, work, connections, delay_ms, &result));
            }
        }
        let binary = peer.target().map(|target| self.built.executable(target)).transpose()?;
        let size = binary.and_then(|binary| std::fs::metadata(binary).ok());
        let process = Process {
            peer,
            first_answer_ms: milliseconds(&server),
            idle_mb: megabytes(idle),
            peak_mb: megabytes(peak),
            size_mb: size.map(|size| megabytes(size.len())),
        };
        Ok(Measurements { rows, process, costs })
    }

    /// Returns the median start time of the service in milliseconds, with the embedded store and with DynamoDB.
    pub(crate) fn start_times(&self) -> anyhow::Result<(f64, f64)> {
        ui::step("measure", "starts of mcp-stateful");
        let store = self.store()?;
        let (mut embedded, mut dynamodb) = (Vec::new(), Vec::new());
        for number in 0..STARTS {
            let file = self.directory.join(format!("notes-{number}.db"));
            let line = |port| {
                let line = peer::service_line(self.built.executable(cargo::SERVICE)?, port);
                Ok(line.env("MCP_STATE_BACKEND", "embedded").env("MCP_STATE_PATH", &file))
            };
            embedded.push(milliseconds(&MeasuredServer::start(
                line,
                first_call(Peer::Service),
                &self.log("embedded"),
            )?));
            dynamodb.push(milliseconds(&self.start(Peer::Service, &store)?));
        }
        Ok((median(&embedded), median(&dynamodb)))
    }

    /// Returns the resident memory of a service binary once it is ready, in megabytes.
    pub(crate) fn ready_mb(&self, binary: &Path) -> anyhow::Result<f64> {
        ui::step("measure", "the image's binary");
        let (store, port) = (self.store()?, xtask::local::ports::free_port()?);
        let line = peer::service_line_at(binary, port, &store.endpoint());
        let server = Server::start(&line, port, &self.log("ready"))?;
        Ok(megabytes(usage::read(server.pid())?.resident_bytes))
    }

    /// Returns the peak memory of the service with a thousand connections, in megabytes. Only [`MAX_CONCURRENCY`] of
    /// them send requests continuously because the service rejects more. The others send one request and stay open.
    pub(crate) fn thousand_connections(&self) -> anyhow::Result<f64> {
        ui::step("measure", "a thousand connections to mcp-stateful");
        let store = self.store()?;
        let server = self.start(Peer::Service, &store)?;
        let waiting = server.keep_open(1000 - MAX_CONCURRENCY, first_call(Peer::Service))?;
        let result = self.drive(Peer::Service, Api::Mcp2026, &server, Work::EchoHot, MAX_CONCURRENCY, "thousand")?;
        drop(waiting);
        Ok(megabytes(result.peak_bytes))
    }

    pub(crate) fn store(&self) -> anyhow::Result<StandIn> {
        StandIn::start(self.built.executable("bench-store")?, &self.log("store"))
    }

    pub(crate) fn start(&self, peer: Peer, store: &StandIn) -> anyhow::Result<MeasuredServer> {
        let line = |port| peer.line(self.built, self.packages, port, &store.endpoint());
        MeasuredServer::start(line, first_call(peer), &self.log(&format!("{peer:?}")))
    }

    pub(crate) fn drive(
        &self,
        peer: Peer,
        api: Api,
        server: &MeasuredServer,
        work: Work,
        connections: u32,
        run: &str,
    ) -> anyhow::Result<LoadResult> {
        self.load.drive(
            server,
            &Plan {
                address: server.address,
                api,
                token: peer.token().map(str::to_owned),
                work,
                connections,
                requests: MAX_REQUESTS,
                seconds: if self.quick { 1.0 } else { 2.0 },
                run: run.to_owned(),
            },
        )
    }

    /// Lists work, connections and store delay of each measurement. A quick run leaves out those that no goal needs.
    fn runs(&self, peer: Peer) -> Vec<(Work, u32, u64)> {
        let mut runs = Vec::new();
        for work in Work::ALL.into_iter().filter(|work| peer.does(*work)) {
            let connections: &[u32] = if self.quick { &[32] } else { &[1, 32, 256] };
            runs.extend(connections.iter().map(|connections| (work, *connections, 0)));
            let delayed: &[u32] = match (self.quick, work) {
                _ if !peer.uses_store() => &[],
                (false, _) => &[1, 32, 256],
                (true, Work::AddNote | Work::GetNotes) => &[1],
                (true, _) => &[],
            };
            runs.extend(delayed.iter().map(|connections| (work, *connections, DELAY_MS)));
        }
        runs
    }

    /// Counts the store operations of one call of each tool.
    fn costs(&self, peer: Peer, server: &MeasuredServer, store: &StandIn) -> anyhow::Result<Vec<ToolCost>> {
        let Some(api) = peer.apis().first().filter(|_| peer.uses_store()) else {
            return Ok(Vec::new());
        };
        let mut costs = Vec::new();
        for work in Work::ALL.into_iter().filter(|work| *work != Work::Mix && peer.does(*work)) {
            let mut plan = Plan {
                address: server.address,
                api: *api,
                token: peer.token().map(str::to_owned),
                work,
                connections: 1,
                requests: 1,
                seconds: 10.0,
                run: "warm".to_owned(),
            };
            // The first call may also create the session's item or fill a cache.
            self.load.drive(server, &plan)?;
            "cost".clone_into(&mut plan.run);
            let operations = store.cost_of(|| self.load.drive(server, &plan).map(drop))?;
            costs.push(ToolCost { peer, work, operations });
        }
        Ok(costs)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.log"))
    }
}

/// Creates an empty directory for the files of a run.
pub(crate) fn directory(target: &Path) -> anyhow::Result<PathBuf> {
    server::fresh_directory(target.join("tools").join("bench-run"))
}

/// Chooses the call that a server must answer to count as started. The bare SDK call has notes only.
fn first_call(peer: Peer) -> FirstCall {
    let work = if peer.does(Work::EchoHot) { Work::EchoHot } else { Work::AddNote };
    let api = peer.apis().first().copied().unwrap_or(Api::Rest);
    FirstCall { api, work, token: peer.token() }
}

fn row(peer: Peer, api: Api, work: Work, connections: u32, delay_ms: u64, result: &LoadResult) -> Row {
    Row {
        peer,
        api,
        work,
        connections,
        delay_ms,
        requests: result.report.requests,
        per_second: result.report.requests as f64 / result.report.seconds,
        p50_ms: result.report.p50_ms,
        p99_ms: result.report.p99_ms,
        cpu_seconds_per_1000: result.cpu_per_1000(),
    }
}

fn milliseconds(server: &MeasuredServer) -> f64 {
    server.first_response.as_secs_f64() * 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
