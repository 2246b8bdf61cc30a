//! The stand-in for DynamoDB, the binary `bench-store`: starts it, sets its delay, fills it and reads its counters.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, anyhow};
use bench_load::connection::Connection;
use serde_json::{Value, json};

use xtask::{
    poll::{Check, poll_blocking},
    process::{CommandLine, LogFile, ManagedProcess},
    runtime,
};

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// Number of calls and capacity units, by operation.
pub(crate) type Cost = BTreeMap<String, (u64, f64)>;

/// A running stand-in. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct StandIn {
    /// Held for its drop, which kills the process.
    _process: ManagedProcess,
    address: SocketAddr,
}

impl StandIn {
    /// Starts the stand-in and waits until it responds.
    pub(crate) fn start(binary: &Path, log: &Path) -> anyhow::Result<Self> {
        let port = xtask::local::ports::free_port()?;
        let line = CommandLine::new(binary).arg(port.to_string());
        let process = ManagedProcess::start(&line, LogFile::create(log)?)?;
        let store = Self { _process: process, address: SocketAddr::from(([127, 0, 0, 1], port)) };
        let responds = || {
            Ok(match store.counts() {
                Ok(_) => Check::Ready(()),
                Err(error) => Check::NotYet(format!("{error:#}")),
            })
        };
        poll_blocking(START_LIMIT, POLL, responds)?.with_context(|| format!("`{line}` did not start"))?;
        Ok(store)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Delays every response from now on.
    pub(crate) fn set_delay(&self, milliseconds: u64) -> anyhow::Result<()> {
        self.request("PUT /settings", &json!({"delay_ms": milliseconds}).to_string()).map(drop)
    }

    /// Counts the operations that `work` causes.
    pub(crate) fn cost_of(&self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Cost> {
        self.request("PUT /settings", &json!({"count": true}).to_string())?;
        work()?;
        let cost = self.counts()?;
        self.request("PUT /settings", &json!({"count": false}).to_string())?;
        Ok(cost)
    }

    /// Writes notes `from..to` into sessions of `notes_each` notes. Numbers run on through all sessions.
    pub(crate) fn fill(&self, notes_each: u64, from: u64, to: u64) -> anyhow::Result<()> {
        self.request("PUT /fill", &json!({"notes_each": notes_each, "from": from, "to": to}).to_string()).map(drop)
    }

    fn counts(&self) -> anyhow::Result<Cost> {
        let body = self.request("GET /counts", "")?;
        let counts: Value = serde_json::from_slice(&body).context("cannot read the stand-in's counts")?;
        serde_json::from_value(counts).context("cannot read the stand-in's counts")
    }

    fn request(&self, method_and_path: &str, body: &str) -> anyhow::Result<Vec<u8>> {
        let head = format!("{method_and_path} HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        let response = runtime::wait_for(async { Connection::new(self.address).exchange(request.as_bytes()).await })?;
        match response.context("the stand-in does not respond")? {
            (200, body) => Ok(body),
            (status, body) => {
                Err(anyhow!("the stand-in rejected {method_and_path}: {status} {}", String::from_utf8_lossy(&body)))
            }
        }
    }
}
