//! All clients of a drill. They work in parallel while the service is disturbed, read their sessions at the end, and
//! delete their notes.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use futures_util::future;
use oracle::Call;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    client::{self, Client, Endpoints},
    journal::Journal,
    raw_client::RawClient,
    report::Report,
};
use xtask::{client::ProtocolVersion, error::ErrorExt, token::Token, ui};

/// An event that every drill must contain, or a report without violations would prove nothing.
type Required = (&'static str, fn(&Journal) -> bool);
const REQUIRED: [Required; 3] = [
    ("no response was lost on purpose", |journal| journal.entries.iter().any(|entry| entry.lost)),
    ("no client had a reset acknowledged", |journal| {
        journal.count_acknowledged(|call| matches!(call, Call::Reset(_))) > 0
    }),
    ("no client repeated a reset", Journal::repeats_reset),
];

/// Limit for deleting one session's notes at the end.
const CLEAR_LIMIT: Duration = Duration::from_secs(30);

/// The clients of one drill.
#[derive(Debug)]
pub(crate) struct Clients<'a, E> {
    clients: Vec<Client<'a, E>>,
    began: Instant,
    worked: Cell<Duration>,
}

impl<'a, E: Endpoints> Clients<'a, E> {
    /// Creates clients that differ in protocol version, in how their session gets its name, and in whether they keep
    /// connections.
    pub(crate) fn new(endpoints: &'a E, token: &Token, count: usize) -> anyhow::Result<Self> {
        let (run, began) = (Uuid::new_v4().simple().to_string(), Instant::now());
        let pause = client::pause(count, endpoints.is_limited());
        let client = |number: usize| {
            let every = |other: usize| (number / other).is_multiple_of(2);
            let version = ProtocolVersion::ALL[usize::from(every(1))];
            let raw = RawClient::new(&endpoints.address(number), token.clone(), version, every(4))?;
            Ok(Client::new(number, endpoints, raw, format!("drill-{run}-{}", number + 1), every(2), began, pause))
        };
        let clients = (0..count).map(client).collect::<anyhow::Result<_>>()?;
        Ok(Self { clients, began, worked: Cell::default() })
    }

    /// Makes calls until `event` has ended and at least `minimum` has passed. Returns the result of `event`.
    pub(crate) async fn work_during<T>(
        &self,
        minimum: Duration,
        event: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        future::try_join_all(self.clients.iter().map(Client::open_session)).await?;
        let stop = Cell::new(false);
        let began = Instant::now();
        let event = async {
            let result = event.await?;
            sleep(minimum.saturating_sub(began.elapsed())).await;
            stop.set(true);
            Ok(result)
        };
        let work = future::try_join_all(self.clients.iter().map(|client| client.work(&stop)));
        let (result, _) = future::try_join(event, work).await?;
        self.worked.set(self.began.elapsed());
        Ok(result)
    }

    /// Lets every client read its session, and checks what they read.
    pub(crate) async fn report(&self) -> anyhow::Result<Report> {
        future::try_join_all(self.clients.iter().map(|client| client.read(None))).await?;
        let journals: Vec<Journal> = self.clients.iter().map(|client| client.journal.borrow().clone()).collect();
        match missing(&journals) {
            Some(missing) => {
                Err(anyhow!("the drill was too short to prove anything: {missing}")).hint("increase `--seconds`")
            }
            None => Ok(Report::new(&journals, self.worked.get())),
        }
    }

    /// Deletes the notes of every session. Warns about a named session that keeps its notes, because its notes would
    /// stay for ever. The others expire.
    pub(crate) async fn clear_sessions(&self) {
        let clearing = self.clients.iter().map(|client| async {
            let cleared = timeout(CLEAR_LIMIT, client.clear_session()).await.context("timed out").flatten();
            if let (Err(error), true) = (cleared, client.named) {
                let session = client.journal.borrow().session.clone().unwrap_or_default();
                ui::warning(&format!("cannot delete the notes of session {session}: {error:#}"));
            }
        });
        future::join_all(clearing).await;
    }
}

/// Returns the first event that a drill must contain and does not.
fn missing(journals: &[Journal]) -> Option<String> {
    let idle = |journal: &Journal| journal.count_acknowledged(|call| matches!(call, Call::Add(_))) == 0;
    if let Some(number) = journals.iter().position(idle) {
        return Some(format!("client {} had no note acknowledged", number + 1));
    }
    let absent = REQUIRED.iter().find(|(_, occurs)| !journals.iter().any(occurs));
    absent.map(|(description, _)| (*description).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::journal::Entry;

    fn journal(calls: &[Call], lost: bool) -> Journal {
        let entry = |call: &Call| Entry {
            acknowledged: Some(Duration::ZERO),
            lost,
            ..Entry::new(call.clone(), Duration::ZERO)
        };
        Journal { entries: calls.iter().map(entry).collect(), ..Journal::default() }
    }

    #[test]
    fn drill_without_required_events_fails() {
        let (note, reset) = (Call::Add("n".to_owned()), Call::Reset("k".to_owned()));
        let complete = journal(&[note.clone(), reset.clone(), reset.clone()], true);
        assert_eq!(missing(&[complete.clone(), journal(std::slice::from_ref(&note), false)]), None);
        for (journals, what) in [
            (vec![complete, journal(&[], false)], "client 2 had no note"),
            (vec![journal(&[note.clone(), reset.clone(), reset.clone()], false)], "lost on purpose"),
            (vec![journal(std::slice::from_ref(&note), true)], "a reset acknowledged"),
            (vec![journal(&[note, reset], true)], "repeated a reset"),
        ] {
            let missing = missing(&journals).unwrap();
            assert!(missing.contains(what), "{missing}");
        }
    }
}
