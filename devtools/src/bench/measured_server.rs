//! A running server under measurement, from its start to its first correct response.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use bench_load::{Api, Plan, Work, connection::Connection, drive};

use super::usage::{self, Usage};
use xtask::{
    poll::Check,
    process::{CommandLine, LogFile, ManagedProcess},
    runtime,
};

const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(1);

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct MeasuredServer {
    process: ManagedProcess,
    pub(crate) address: SocketAddr,
    /// Time from the start of the process to the first correct response.
    pub(crate) first_response: Duration,
}

/// The call that a server must answer to count as started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstCall {
    pub(crate) api: Api,
    pub(crate) work: Work,
    pub(crate) token: Option<&'static str>,
}

impl MeasuredServer {
    /// Starts a server on a free port and calls it until its response is correct.
    pub(crate) fn start(
        line: impl FnOnce(u16) -> anyhow::Result<CommandLine>,
        first_call: FirstCall,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let port = xtask::local::ports::free_port()?;
        let line = line(port)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (plan, log) = (first_call.plan(address), LogFile::create(log)?);
        runtime::wait_for(async {
            let started = Instant::now();
            let mut process = ManagedProcess::start(&line, log)?;
            let responds = process.ready(LIMIT, POLL, async || {
                Ok(match drive::once(&plan, 1).await {
                    Ok(_) => Check::Ready(started.elapsed()),
                    Err(status) => Check::NotYet(status),
                })
            });
            let first_response = responds.await?;
            Ok(Self { process, address, first_response })
        })?
    }

    /// Opens connections that receive one correct response each and stay open.
    pub(crate) fn keep_open(&self, count: u32, call: FirstCall) -> anyhow::Result<Vec<Connection>> {
        let FirstCall { api, work, token } = call;
        let call = work.call("open", 1);
        let request = api.request(call.tool, &call.arguments, token);
        runtime::wait_for(async {
            let mut open = Vec::new();
            for _ in 0..count {
                let mut connection = Connection::new(self.address);
                let (status, body) = connection.exchange(&request).await.context("a connection was refused")?;
                if status != 200 || !api.is_correct(&call, &body) {
                    return Err(anyhow!("wrong response: {status} {}", String::from_utf8_lossy(&body)));
                }
                open.push(connection);
            }
            Ok(open)
        })?
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        usage::read(self.process.pid())
    }
}

impl FirstCall {
    fn plan(self, address: SocketAddr) -> Plan {
        let run = "first".to_owned();
        let Self { api, work, token } = self;
        let token = token.map(str::to_owned);
        Plan { address, api, token, work, connections: 1, requests: 1, seconds: 1.0, run }
    }
}
