//! All clients of a drill: they come in, work side by side while something happens to the service, read once more at the
//! end, and leave nothing behind.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use futures_util::future;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    client::Client,
    endpoints::Door,
    journal::{Call, Journal},
    raw_client::Wire,
    report::Report,
};
use xtask::{client::ProtocolVersion, error::ErrorExt, token::Token, ui};

/// What every drill has to have in it, or its zeros would say nothing.
type Part = (&'static str, fn(&Journal) -> bool);
const PARTS: [Part; 3] = [
    ("no client's answer was lost on purpose", |journal| journal.entries.iter().any(|entry| entry.lost)),
    ("no client had a reset acknowledged", |journal| journal.answered(|call| matches!(call, Call::Reset(_))) > 0),
    ("no client repeated a reset", Journal::repeats_a_reset),
];

/// How long emptying one session may take when all is over.
const LEAVING: Duration = Duration::from_secs(30);

/// The clients, and the door that all of them go through.
#[derive(Debug)]
pub(crate) struct Crew<'a, D> {
    clients: Vec<Client<'a, D>>,
    began: Instant,
    worked: Cell<Duration>,
}

impl<'a, D: Door> Crew<'a, D> {
    /// Every kind of client in turn: both eras; named sessions and made ones; connections that are kept and fresh ones.
    pub(crate) fn new(door: &'a D, token: &Token, count: usize) -> anyhow::Result<Self> {
        let (run, began) = (Uuid::new_v4().simple().to_string(), Instant::now());
        let client = |number: usize| {
            let every = |other: usize| (number / other).is_multiple_of(2);
            let wire =
                Wire::new(&door.address(number), token.clone(), ProtocolVersion::ALL[usize::from(every(1))], every(4))?;
            Ok(Client::new(number, door, wire, format!("drill-{run}-{}", number + 1), every(2), began))
        };
        let clients = (0..count).map(client).collect::<anyhow::Result<_>>()?;
        Ok(Self { clients, began, worked: Cell::default() })
    }

    /// Works until something has ended, and for so long at least; returns what that returned.
    pub(crate) async fn work_while<T>(
        &self,
        least: Duration,
        something: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        future::try_join_all(self.clients.iter().map(Client::enter)).await?;
        let stop = Cell::new(false);
        let began = Instant::now();
        let happening = async {
            let ended = something.await?;
            sleep(least.saturating_sub(began.elapsed())).await;
            stop.set(true);
            Ok(ended)
        };
        let working = future::try_join_all(self.clients.iter().map(|client| client.work(&stop)));
        let (ended, _) = future::try_join(happening, working).await?;
        self.worked.set(self.began.elapsed());
        Ok(ended)
    }

    /// Has every client read what is stored, and compares.
    pub(crate) async fn report(&self) -> anyhow::Result<Report> {
        future::try_join_all(self.clients.iter().map(|client| client.read(None))).await?;
        let journals: Vec<Journal> = self.clients.iter().map(|client| client.journal.borrow().clone()).collect();
        match missing(&journals) {
            Some(missing) => {
                Err(anyhow!("the drill was too short to prove anything: {missing}")).hint("give it more --seconds")
            }
            None => Ok(Report::of(&journals, self.worked.get())),
        }
    }

    /// Empties every session. A named one that cannot be emptied is told, for it would stay for ever; others expire.
    pub(crate) async fn leave(&self) {
        let leaving = self.clients.iter().map(|client| async {
            let left = timeout(LEAVING, client.leave()).await.context("it took too long").flatten();
            if let (Err(error), true) = (left, client.named) {
                let session = client.journal.borrow().session.clone().unwrap_or_default();
                ui::warning(&format!("the session {session} could not be emptied: {error:#}"));
            }
        });
        future::join_all(leaving).await;
    }
}

/// What of a drill there was not, if anything; of any client, which one.
fn missing(journals: &[Journal]) -> Option<String> {
    let idle = |journal: &Journal| journal.answered(|call| matches!(call, Call::Add(_))) == 0;
    if let Some(number) = journals.iter().position(idle) {
        return Some(format!("client {} had no note acknowledged", number + 1));
    }
    let lacking = PARTS.iter().find(|(_, has)| !journals.iter().any(has));
    lacking.map(|(what, _)| (*what).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::journal::Entry;

    fn journal(calls: &[Call], lost: bool) -> Journal {
        let entry =
            |call: &Call| Entry { answered: Some(Duration::ZERO), lost, ..Entry::begun(call.clone(), Duration::ZERO) };
        Journal { entries: calls.iter().map(entry).collect(), ..Journal::default() }
    }

    #[test]
    fn zeros_that_nothing_was_done_for_are_no_result() {
        let (note, reset) = (Call::Add("n".to_owned()), Call::Reset("k".to_owned()));
        let whole = journal(&[note.clone(), reset.clone(), reset.clone()], true);
        assert_eq!(missing(&[whole.clone(), journal(std::slice::from_ref(&note), false)]), None);
        for (journals, what) in [
            (vec![whole, journal(&[], false)], "client 2 had no note"),
            (vec![journal(&[note.clone(), reset.clone(), reset.clone()], false)], "lost on purpose"),
            (vec![journal(std::slice::from_ref(&note), true)], "a reset acknowledged"),
            (vec![journal(&[note, reset], true)], "repeated a reset"),
        ] {
            let told = missing(&journals).unwrap();
            assert!(told.contains(what), "{told}");
        }
    }
}
