//! The counted paths, and one request on each. Responses are checked, because a wrong one may cost less.

use std::time::Duration;

use anyhow::{Context, anyhow};
use bench_load::{Api, Work, connection::Connection};

use crate::bench::peer::TOKEN;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A path of a request through the service.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HotPath {
    Tool(Api, Work),
    /// A load balancer's health check: the HTTP layer alone.
    Healthz,
}

impl HotPath {
    pub(crate) const ALL: [Self; 6] = [
        Self::Tool(Api::Mcp2026, Work::EchoHot),
        Self::Tool(Api::Mcp2025, Work::EchoHot),
        Self::Tool(Api::Rest, Work::EchoHot),
        Self::Tool(Api::Rest, Work::AddNote),
        Self::Tool(Api::Rest, Work::GetNotes),
        Self::Healthz,
    ];

    /// Its name in the file and in the table.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Tool(api, work) => format!("{}, {}", work.name(), api.name()),
            Self::Healthz => "GET /healthz".to_owned(),
        }
    }

    /// The number of counted requests, large enough that the process's background work does not show.
    pub(crate) fn counted(self) -> u64 {
        match self {
            Self::Tool(..) => 200,
            Self::Healthz => 2000,
        }
    }

    /// Sends one request and checks its response.
    pub(crate) async fn request(self, connection: &mut Connection, number: u64) -> anyhow::Result<()> {
        match self {
            Self::Tool(api, work) => {
                let call = work.call("count", number);
                let body = exchange(connection, &api.request(call.tool, &call.arguments, Some(TOKEN))).await?;
                if !api.is_correct(&call, &body) {
                    return Err(anyhow!("wrong response to {}: {}", call.tool, String::from_utf8_lossy(&body)));
                }
            }
            Self::Healthz => drop(exchange(connection, b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await?),
        }
        Ok(())
    }
}

async fn exchange(connection: &mut Connection, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let response = tokio::time::timeout(TIMEOUT, connection.exchange(request)).await;
    match response.with_context(|| format!("no response within {} s", TIMEOUT.as_secs()))?.context("no response")? {
        (200, body) => Ok(body),
        (status, body) => Err(anyhow!("wrong response: {status} {}", String::from_utf8_lossy(&body))),
    }
}
