//! One process of the service: started on a port that it chooses itself, killed, or told to end.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use serde_json::Value;
use tokio::time::sleep;

use xtask::{
    http,
    local::{
        identity::{self, Request},
        ready,
    },
    process::{self, CommandLine},
};

/// How long a start may take.
const START: Duration = Duration::from_secs(30);
/// The service drains for 25 s at most; a little more for a slow machine.
const END: Duration = Duration::from_secs(28);
const POLL: Duration = Duration::from_millis(10);

/// A replica that runs; dropping it kills it.
#[derive(Debug)]
pub(super) struct Replica {
    child: Child,
    address: SocketAddr,
}

impl Replica {
    /// Starts a line that serves on port 0, and waits until it is ready.
    pub(super) async fn start(line: &CommandLine, log: &Path) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = process::start(&line.clone().env("MCP_LOG_FORMAT", "json"), &file)?;
        let mut replica = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let since = Instant::now();
        let mut last = "it does not listen".to_owned();
        while since.elapsed() < START {
            if let Some(status) = replica.child.try_wait().context("cannot ask how the service is")? {
                return Err(failed(line, log, &format!("it ended: {status}")));
            }
            if let Some(address) = listening(log) {
                let url = format!("http://{address}");
                match ready::ask(&http::client(&url)?, &url).await {
                    Ok(()) => {
                        replica.address = address;
                        return Ok(replica);
                    }
                    Err(not_yet) => last = not_yet,
                }
            }
            sleep(POLL).await;
        }
        Err(failed(line, log, &format!("it last said: {last}")))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it at once; says where it was.
    pub(super) fn kill(mut self) -> anyhow::Result<SocketAddr> {
        self.child.kill().context("cannot kill the replica")?;
        self.child.wait().context("cannot wait for the replica")?;
        Ok(self.address)
    }

    /// Tells it to end, and waits until it has finished what it does.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let identity = identity::identify(self.child.id())?;
        identity::request(&identity, Request::Terminate)?;
        let since = Instant::now();
        while since.elapsed() < END {
            match self.child.try_wait().context("cannot wait for the replica")? {
                // Windows has no such request: there it is killed.
                Some(status) if status.success() || cfg!(windows) => return Ok(()),
                Some(status) => return Err(anyhow!("the replica at {} was told to end, and {status}", self.address)),
                None => sleep(POLL).await,
            }
        }
        Err(anyhow!("the replica at {} was told to end, and still runs after {} s", self.address, END.as_secs()))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Where the service says that it listens, once it does.
fn listening(log: &Path) -> Option<SocketAddr> {
    let log = fs::read_to_string(log).ok()?;
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == "listening")?["address"].as_str()?.parse().ok()
}

fn failed(line: &CommandLine, log: &Path, why: &str) -> anyhow::Error {
    let said = fs::read_to_string(log).unwrap_or_default();
    anyhow!("`{line}` did not become ready; {why}\n{}", said.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_one_that_the_service_says() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        assert_eq!(listening(&log), None);
        let lines = "no JSON\n{\"message\":\"store\"}\n{\"message\":\"listening\",\"address\":\"127.0.0.1:4242\"}\n";
        fs::write(&log, lines).unwrap();
        assert_eq!(listening(&log), Some(SocketAddr::from(([127, 0, 0, 1], 4242))));
    }
}
