//! More and more notes in a session: what a note, a page at either end, and a reset take.

use std::cell::Cell;

use anyhow::ensure;

use super::{
    client::Client,
    figures::{Axis, Grows, Measured, Outcome},
    fill::{fill, session},
    probe::probe,
};
use crate::bench::{
    running::Running,
    service::Ours,
    store::{Cost, Store},
};
use xtask::{runtime, ui};

const NOTES: [u64; 5] = [100, 1000, 10_000, 100_000, 1_000_000];
/// Small sessions are filled more than once, up to so many notes: what is added then lengthens none of them by much, and a
/// reset of all of them takes long enough to be told.
const NOTES_AT_LEAST: u64 = 20_000;

const PAGE: usize = 50;
/// The last page but a few notes, so that there is one more.
const BEFORE_THE_END: usize = PAGE + 10;

const ADD: &str = "add_note";
const FIRST: &str = "get_notes of the first 50";
const LAST: &str = "get_notes of 50 near the end";
const RESET: &str = "reset_session, each note";

pub(crate) fn measure(ours: &Ours<'_>) -> anyhow::Result<Axis> {
    let mut axis = Axis::new(Grows::Notes);
    for notes in NOTES {
        ui::step("measure", &format!("sessions of {notes} notes"));
        let store = ours.store()?;
        let sessions = (NOTES_AT_LEAST / notes).max(1);
        match fill(&store, sessions, notes)? {
            Ok(seconds) => axis.filled.push((notes, seconds)),
            Err(why) => {
                for call in [ADD, FIRST, LAST, RESET] {
                    axis.keep(call, notes, Outcome::Missing(why.clone()));
                }
                continue;
            }
        }
        let server = ours.start(&store)?;
        let end = usize::try_from(notes)? - BEFORE_THE_END;
        let cursor = runtime::wait_for(async { Client::new(server.address).cursor_after(&session(0), end).await })??;
        let added = Cell::new(0);
        let add = async |client: &mut Client, number: u64| {
            added.set(added.get() + 1);
            client.add_note(&session(number % sessions)).await
        };
        let first = async |client: &mut Client, number: u64| {
            client.page(&session(number % sessions), None, 0..PAGE).await.map(drop)
        };
        let last = async |client: &mut Client, _: u64| {
            client.page(&session(0), Some(&cursor), end..end + PAGE).await.map(drop)
        };
        axis.keep(FIRST, notes, probe(&server, &store, first)?);
        axis.keep(LAST, notes, probe(&server, &store, last)?);
        axis.keep(ADD, notes, probe(&server, &store, add)?);
        axis.keep(RESET, notes, reset(&server, &store, sessions, sessions * notes + added.get())?);
    }
    Ok(axis)
}

/// Resets all sessions, one after the other; together they have so many notes.
fn reset(server: &Running, store: &Store, sessions: u64, notes: u64) -> anyhow::Result<Outcome> {
    let mut deleted = Ok(0);
    let before = server.usage()?.cpu;
    let cost: Cost = store.cost_of(|| {
        deleted = runtime::wait_for(async {
            let (mut client, mut sum) = (Client::new(server.address), 0);
            for number in 0..sessions {
                match client.reset(&session(number)).await? {
                    Ok(deleted) => sum += deleted,
                    Err(said) => return Ok(Err(said)),
                }
            }
            anyhow::Ok(Ok(sum))
        })??;
        Ok(())
    })?;
    let cpu = server.usage()?.cpu - before;
    match deleted {
        Ok(deleted) => {
            ensure!(deleted == notes, "reset_session deleted {deleted} notes of {notes}");
            Ok(Outcome::Measured(Measured::new(cpu.as_secs_f64(), deleted, &cost, deleted)))
        }
        Err(said) => Ok(Outcome::Missing(format!("the tool's deadline of 12 s came first: \"{said}\""))),
    }
}
