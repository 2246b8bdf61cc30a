//! The stand-in for DynamoDB: started for each contestant anew, slowed down, and asked what it was asked.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use anyhow::{Context, anyhow};
use bench_load::connection::Connection;
use serde_json::{Value, json};

use xtask::{
    process::{self, CommandLine},
    runtime,
};

/// Calls and capacity units by operation.
pub(crate) type Cost = BTreeMap<String, (u64, f64)>;

/// A running stand-in; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Store {
    child: std::process::Child,
    address: SocketAddr,
}

impl Store {
    /// Starts the stand-in's binary, however that was built.
    pub(crate) fn start(binary: &Path, log: &Path) -> anyhow::Result<Self> {
        let port = xtask::local::ports::free_port()?;
        let file = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let line = CommandLine::new(binary).arg(port.to_string());
        let store = Self { child: process::start(&line, &file)?, address: SocketAddr::from(([127, 0, 0, 1], port)) };
        for _ in 0..2000 {
            if store.counts().is_ok() {
                return Ok(store);
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Err(anyhow!("`{line}` does not answer"))
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every answer comes so much later from now on.
    pub(crate) fn delay(&self, milliseconds: u64) -> anyhow::Result<()> {
        self.ask("PUT /settings", &json!({"delay_ms": milliseconds}).to_string()).map(drop)
    }

    /// What `work` costs.
    pub(crate) fn cost_of(&self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Cost> {
        self.ask("PUT /settings", &json!({"count": true}).to_string())?;
        work()?;
        let cost = self.counts()?;
        self.ask("PUT /settings", &json!({"count": false}).to_string())?;
        Ok(cost)
    }

    /// Puts notes `from..to` into sessions of `notes_each`, all sessions' notes numbered through.
    pub(crate) fn fill(&self, notes_each: u64, from: u64, to: u64) -> anyhow::Result<()> {
        self.ask("PUT /fill", &json!({"notes_each": notes_each, "from": from, "to": to}).to_string()).map(drop)
    }

    fn counts(&self) -> anyhow::Result<Cost> {
        let body = self.ask("GET /counts", "")?;
        let counts: Value = serde_json::from_slice(&body).context("cannot read the stand-in's counts")?;
        serde_json::from_value(counts).context("cannot read the stand-in's counts")
    }

    fn ask(&self, what: &str, body: &str) -> anyhow::Result<Vec<u8>> {
        let head = format!("{what} HTTP/1.1\r\nhost: store\r\ncontent-type: application/json\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        let answer = runtime::wait_for(async { Connection::new(self.address).exchange(request.as_bytes()).await })?;
        match answer.context("the stand-in does not answer")? {
            (200, body) => Ok(body),
            (status, body) => Err(anyhow!("the stand-in answers {status}: {}", String::from_utf8_lossy(&body))),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
