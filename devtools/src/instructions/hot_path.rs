//! The paths that are counted, and one request on each: its answer is checked, for a wrong one is quickly given.

use std::time::Duration;

use anyhow::{Context, anyhow};
use bench_load::{Surface, Work, connection::Connection};

use crate::bench::peer::TOKEN;

const PATIENCE: Duration = Duration::from_secs(30);

/// A path of a request through the service.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HotPath {
    Tool(Surface, Work),
    /// What a balancer asks: the edge alone.
    Healthz,
}

impl HotPath {
    pub(crate) const ALL: [Self; 6] = [
        Self::Tool(Surface::Mcp2026, Work::EchoHot),
        Self::Tool(Surface::Mcp2025, Work::EchoHot),
        Self::Tool(Surface::Rest, Work::EchoHot),
        Self::Tool(Surface::Rest, Work::AddNote),
        Self::Tool(Surface::Rest, Work::GetNotes),
        Self::Healthz,
    ];

    /// Its name in the file and in the table.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Tool(surface, work) => format!("{}, {}", work.name(), surface.name()),
            Self::Healthz => "GET /healthz".to_owned(),
        }
    }

    /// Requests that are counted: so many that what else the process does in that time is lost among them.
    pub(crate) fn counted(self) -> u64 {
        match self {
            Self::Tool(..) => 200,
            Self::Healthz => 2000,
        }
    }

    /// Asks once.
    pub(crate) async fn ask(self, connection: &mut Connection, number: u64) -> anyhow::Result<()> {
        match self {
            Self::Tool(surface, work) => {
                let call = work.call("count", number);
                let body = exchange(connection, &surface.request(call.tool, &call.arguments, Some(TOKEN))).await?;
                if !surface.is_right(&call, &body) {
                    return Err(anyhow!("a wrong answer to {}: {}", call.tool, String::from_utf8_lossy(&body)));
                }
            }
            Self::Healthz => drop(exchange(connection, b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await?),
        }
        Ok(())
    }
}

async fn exchange(connection: &mut Connection, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let answer = tokio::time::timeout(PATIENCE, connection.exchange(request)).await;
    match answer.with_context(|| format!("no answer within {} s", PATIENCE.as_secs()))?.context("no answer")? {
        (200, body) => Ok(body),
        (status, body) => Err(anyhow!("a wrong answer: {status} {}", String::from_utf8_lossy(&body))),
    }
}
