//! The drill of tools: many clients change one state through replicas whose table fails and that are killed, replaced
//! and scaled meanwhile. Afterwards every change that is stored is compared with the responses.
//!
//! The [`Subject`]s are the examples of this repository, and the same tools in FastMCP for a comparison.

mod audit;
mod caller;
mod report;
mod subject;

use std::time::Duration;

use futures_util::future;
use uuid::Uuid;

use self::{audit::Audit, caller::Caller};
pub(crate) use self::{report::Report, subject::Subject};
use super::{
    disturb::disturb,
    local::{Launcher, Local},
};
use mcp_stateful::testing::{Fault, TestTable};
use xtask::token::Token;

/// Number of replicas.
const REPLICAS: usize = 3;
/// Number of clients that call as one principal.
const CLIENTS: usize = 32;
/// Number of clients that call as another principal, with the same names.
const OTHER_CLIENTS: usize = 2;
/// Share of the table's requests that meet each fault, in percent.
const FAULTS: [(u64, Fault); 3] = [(5, Fault::Throttle), (2, Fault::Silent), (3, Fault::WriteThenBreak)];

/// The principals of a drill. The second one must see nothing of the first.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) first: Token,
    pub(crate) second: Token,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let token = || Token::new(Uuid::new_v4().simple().to_string());
        Self { first: token(), second: token() }
    }
}

/// Calls a subject's tool `calls` times over `time`, under all disturbances and faults.
pub(crate) async fn run(
    subject: Subject,
    launcher: Launcher,
    table: &TestTable,
    tokens: &Tokens,
    calls: usize,
    time: Duration,
) -> anyhow::Result<Report> {
    let local = Local::start(launcher, REPLICAS).await?;
    let session = Caller::new(subject, &local, 0, tokens.first.clone(), "")?.open_session().await?;
    let mut callers = Vec::new();
    for number in 0..CLIENTS {
        callers.push(Caller::new(subject, &local, number, tokens.first.clone(), &session)?);
    }
    for number in CLIENTS..CLIENTS + subject.other_clients(OTHER_CLIENTS) {
        callers.push(Caller::new(subject, &local, number, tokens.second.clone(), &session)?);
    }
    for (percent, fault) in FAULTS {
        table.faults().percent(percent, fault);
    }
    let struck = table.faults().struck();
    let interval = time / u32::try_from(calls.div_ceil(CLIENTS)).unwrap_or(u32::MAX);
    let work = future::try_join_all(callers.iter().map(|caller| {
        let calls = if caller.number() < CLIENTS { share(calls, caller.number()) } else { share(calls, 0) };
        caller.work(calls, interval)
    }));
    let (records, disturbances) = future::try_join(work, disturb(&local, time)).await?;
    table.faults().clear();
    let struck = table.faults().struck() - struck;
    let (first, second) = records.split_at(CLIENTS);
    let mut audit = Audit::default();
    for (records, token) in [(first, &tokens.first), (second, &tokens.second)] {
        if !records.is_empty() {
            let stored = Caller::new(subject, &local, 0, token.clone(), &session)?.read().await?;
            audit.check(subject, records.iter().flatten(), &stored);
        }
    }
    Ok(Report::new(subject, records.iter().flatten(), audit, struck, disturbances))
}

/// Returns one client's share of all calls.
fn share(calls: usize, client: usize) -> usize {
    calls / CLIENTS + usize::from(client < calls % CLIENTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for calls in [1_000, 5, 32] {
            assert_eq!((0..CLIENTS).map(|client| share(calls, client)).sum::<usize>(), calls);
        }
    }
}
