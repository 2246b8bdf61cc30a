//! A contestant that runs: from its start to its first right answer, and until its handle is dropped.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use bench_load::{Plan, Surface, Work, connection::Connection, drive};

use super::usage::{self, Usage};
use xtask::{
    process::{self, CommandLine},
    runtime,
};

const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(1);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first right answer.
    pub(crate) first_answer: Duration,
}

/// How the first answer is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) surface: Surface,
    pub(crate) work: Work,
    pub(crate) token: Option<&'static str>,
}

impl Running {
    /// Starts the line that a port gives, and asks until it answers rightly.
    pub(crate) fn start(
        line: impl FnOnce(u16) -> anyhow::Result<CommandLine>,
        ask: Ask,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let port = xtask::local::ports::free_port()?;
        let line = line(port)?;
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let plan = ask.plan(address);
        runtime::wait_for(async {
            let started = Instant::now();
            let mut running = Self { child: process::start(&line, &file)?, address, first_answer: Duration::ZERO };
            let mut last = String::new();
            while started.elapsed() < LIMIT {
                if let Some(status) = running.child.try_wait().context("cannot ask how the server is")? {
                    last = format!("it ended: {status}");
                    break;
                }
                match drive::once(&plan, 1).await {
                    Ok(_) => {
                        running.first_answer = started.elapsed();
                        return Ok(running);
                    }
                    Err(not_yet) => last = not_yet,
                }
                tokio::time::sleep(POLL).await;
            }
            let log = fs::read_to_string(log).unwrap_or_default();
            Err(anyhow!("`{line}` does not answer; {last}\n{}", log.trim_end()))
        })?
    }

    /// Connections that have got one right answer each and stay open.
    pub(crate) fn keep_open(&self, count: u32, ask: Ask) -> anyhow::Result<Vec<Connection>> {
        let call = ask.work.call("open", 1);
        let request = ask.surface.request(call.tool, &call.arguments, ask.token);
        runtime::wait_for(async {
            let mut open = Vec::new();
            for _ in 0..count {
                let mut connection = Connection::new(self.address);
                let (status, body) = connection.exchange(&request).await.context("a connection was refused")?;
                if status != 200 || !ask.surface.is_right(&call, &body) {
                    return Err(anyhow!("a wrong answer: {status} {}", String::from_utf8_lossy(&body)));
                }
                open.push(connection);
            }
            Ok(open)
        })?
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        usage::of(self.child.id())
    }
}

impl Ask {
    fn plan(self, address: SocketAddr) -> Plan {
        let run = "first".to_owned();
        let Self { surface, work, token } = self;
        let token = token.map(str::to_owned);
        Plan { address, surface, token, work, connections: 1, requests: 1, seconds: 1.0, run }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
