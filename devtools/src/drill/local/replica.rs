//! One process of the service on a port of its own choice: started, killed or stopped.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use anyhow::anyhow;
use serde_json::Value;
use tokio::net::TcpStream;

use xtask::{
    http,
    local::ready,
    poll::Check,
    process::{CommandLine, Ended, LogFile, ManagedProcess},
};

/// Limit for a start.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Limit for a graceful stop: the service drains for at most 22 s, and a slow machine needs a little more.
const STOP_LIMIT: Duration = Duration::from_secs(28);
const POLL: Duration = Duration::from_millis(10);

/// A running replica. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Replica {
    process: ManagedProcess,
    address: SocketAddr,
    /// It drains on SIGTERM and exits with 0, as the service does. Other servers end by the signal.
    drains: bool,
}

impl Replica {
    /// Starts a service that is configured for port 0, and waits until it is ready.
    pub(super) async fn start(line: &CommandLine, log: &Path) -> anyhow::Result<Self> {
        let line = line.clone().env("MCP_LOG_FORMAT", "json");
        let mut process = ManagedProcess::start(&line, LogFile::create(log)?)?;
        let ready = process.ready(START_LIMIT, POLL, async || {
            let Some(address) = listening(log) else { return Ok(Check::not_yet("not listening")) };
            let url = format!("http://{address}");
            Ok(match ready::ask(&http::client(&url)?, &url).await {
                Ok(()) => Check::Ready(address),
                Err(status) => Check::NotYet(status),
            })
        });
        let address = ready.await?;
        Ok(Self { process, address, drains: true })
    }

    /// Starts a server at an address, and waits until it accepts connections there.
    pub(super) async fn start_at(line: &CommandLine, address: SocketAddr, log: &Path) -> anyhow::Result<Self> {
        let mut process = ManagedProcess::start(line, LogFile::create(log)?)?;
        let ready = process.ready(START_LIMIT, POLL, async || {
            Ok(match TcpStream::connect(address).await {
                Ok(_) => Check::Ready(()),
                Err(_) => Check::not_yet("not listening"),
            })
        });
        ready.await?;
        Ok(Self { process, address, drains: false })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills the replica and returns its address.
    pub(super) fn kill(self) -> anyhow::Result<SocketAddr> {
        self.process.kill()?;
        Ok(self.address)
    }

    /// Terminates the replica and waits until it has drained.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        match self.process.stop(STOP_LIMIT).await? {
            // Windows has no SIGTERM: the replica is killed there.
            Ended::Exited(status) if status.success() || !self.drains || cfg!(windows) => Ok(()),
            Ended::Exited(status) => Err(anyhow!("the replica at {} failed to drain: {status}", self.address)),
            Ended::Killed => {
                Err(anyhow!("the replica at {} still ran {} s after SIGTERM", self.address, STOP_LIMIT.as_secs()))
            }
        }
    }
}

/// Finds the address in the service's log, once it listens.
fn listening(log: &Path) -> Option<SocketAddr> {
    let log = fs::read_to_string(log).ok()?;
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == "listening")?["address"].as_str()?.parse().ok()
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
