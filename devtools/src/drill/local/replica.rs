//! One process of the service on a port of its own choice: started, killed or stopped.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::Child,
    time::Duration,
};

use anyhow::{Context, anyhow};
use serde_json::Value;

use xtask::{
    http,
    local::{
        identity::{self, Request},
        ready,
    },
    poll::{Check, poll},
    process::{self, CommandLine},
};

/// Limit for a start.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Limit for a graceful stop: the service drains for at most 22 s, and a slow machine needs a little more.
const STOP_LIMIT: Duration = Duration::from_secs(28);
const POLL: Duration = Duration::from_millis(10);

/// A running replica. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Replica {
    child: Child,
    address: SocketAddr,
}

impl Replica {
    /// Starts a service that is configured for port 0, and waits until it is ready.
    pub(super) async fn start(line: &CommandLine, log: &Path) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = process::start(&line.clone().env("MCP_LOG_FORMAT", "json"), &file)?;
        let mut replica = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let address = poll(START_LIMIT, POLL, async || {
            if let Some(status) = replica.child.try_wait().context("cannot wait for the service")? {
                return Err(failed(line, log, &format!("exited: {status}")));
            }
            let Some(address) = listening(log) else { return Ok(Check::not_yet("not listening")) };
            let url = format!("http://{address}");
            Ok(match ready::ask(&http::client(&url)?, &url).await {
                Ok(()) => Check::Ready(address),
                Err(status) => Check::NotYet(status),
            })
        });
        replica.address = address.await?.map_err(|late| failed(line, log, &late.to_string()))?;
        Ok(replica)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills the replica and returns its address.
    pub(super) fn kill(mut self) -> anyhow::Result<SocketAddr> {
        self.child.kill().context("cannot kill the replica")?;
        self.child.wait().context("cannot wait for the replica")?;
        Ok(self.address)
    }

    /// Terminates the replica and waits until it has drained.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let identity = identity::identify(self.child.id())?;
        identity::request(&identity, Request::Terminate)?;
        let stopped = poll(STOP_LIMIT, POLL, async || {
            match self.child.try_wait().context("cannot wait for the replica")? {
                // Windows has no SIGTERM: the replica is killed there.
                Some(status) if status.success() || cfg!(windows) => Ok(Check::Ready(())),
                Some(status) => Err(anyhow!("the replica at {} failed to drain: {status}", self.address)),
                None => Ok(Check::not_yet("still running after SIGTERM")),
            }
        });
        stopped.await?.with_context(|| format!("the replica at {} does not stop", self.address))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Finds the address in the service's log, once it listens.
fn listening(log: &Path) -> Option<SocketAddr> {
    let log = fs::read_to_string(log).ok()?;
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == "listening")?["address"].as_str()?.parse().ok()
}

fn failed(line: &CommandLine, log: &Path, why: &str) -> anyhow::Error {
    let log = fs::read_to_string(log).unwrap_or_default();
    anyhow!("`{line}` did not become ready ({why})\n{}", log.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_comes_from_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        assert_eq!(listening(&log), None);
        let lines = "no JSON\n{\"message\":\"store\"}\n{\"message\":\"listening\",\"address\":\"127.0.0.1:4242\"}\n";
        fs::write(&log, lines).unwrap();
        assert_eq!(listening(&log), Some(SocketAddr::from(([127, 0, 0, 1], 4242))));
    }
}
