//! Growth of notes in a session: the cost of adding a note, of a page at either end, and of a reset.

use std::cell::Cell;

use anyhow::ensure;

use super::{
    client::Client,
    figures::{Axis, Dimension, Measured, Outcome},
    probe::probe,
    setup::{Setup, fill, session},
};
use crate::bench::{
    measured_server::MeasuredServer,
    stand_in::{Cost, StandIn},
};
use xtask::{runtime, ui};

const NOTES: [u64; 5] = [100, 1000, 10_000, 100_000, 1_000_000];
/// Small sessions are filled several times, up to this number of notes in all. So the notes added during the
/// measurement lengthen none of them much, and resetting all of them takes long enough to be measured.
const MIN_NOTES: u64 = 20_000;

const PAGE: usize = 50;
/// Start of the last measured page, from the end. A few notes follow it, so that it has a cursor as other pages have.
const BEFORE_THE_END: usize = PAGE + 10;

const ADD: &str = "add_note";
const FIRST: &str = "get_notes of the first 50";
const LAST: &str = "get_notes of 50 near the end";
const RESET: &str = "reset_session, each note";

pub(crate) fn measure(setup: &Setup<'_>) -> anyhow::Result<Axis> {
    let mut axis = Axis::new(Dimension::Notes);
    for notes in NOTES {
        ui::step("measure", &format!("sessions of {notes} notes"));
        let store = setup.store()?;
        let sessions = (MIN_NOTES / notes).max(1);
        match fill(&store, sessions, notes)? {
            Ok(seconds) => axis.filled.push((notes, seconds)),
            Err(why) => {
                for call in [ADD, FIRST, LAST, RESET] {
                    axis.push(call, notes, Outcome::Missing(why.clone()));
                }
                continue;
            }
        }
        let server = setup.start(&store)?;
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
        axis.push(FIRST, notes, probe(&server, &store, first)?);
        axis.push(LAST, notes, probe(&server, &store, last)?);
        axis.push(ADD, notes, probe(&server, &store, add)?);
        axis.push(RESET, notes, reset(&server, &store, sessions, sessions * notes + added.get())?);
    }
    Ok(axis)
}

/// Resets all sessions one after the other. Together they must have `notes` notes.
fn reset(server: &MeasuredServer, store: &StandIn, sessions: u64, notes: u64) -> anyhow::Result<Outcome> {
    let mut deleted = Ok(0);
    let before = server.usage()?.cpu;
    let cost: Cost = store.cost_of(|| {
        deleted = runtime::wait_for(async {
            let (mut client, mut sum) = (Client::new(server.address), 0);
            for number in 0..sessions {
                match client.reset(&session(number)).await? {
                    Ok(deleted) => sum += deleted,
                    Err(error) => return Ok(Err(error)),
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
        Err(error) => Ok(Outcome::Missing(format!("the tool's deadline of 12 s came first: \"{error}\""))),
    }
}
