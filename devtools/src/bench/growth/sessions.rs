//! More and more sessions in the table: what a note in one of them takes, reading it, and beginning another.

use super::{
    client::Client,
    figures::{Axis, Grows, Outcome},
    fill::{fill, session},
    probe::probe,
};
use crate::bench::service::Ours;
use xtask::ui;

const SESSIONS: [u64; 5] = [100, 1000, 10_000, 100_000, 1_000_000];
/// Prime, so that one call after the other meets sessions far apart, and meets all of them.
const STRIDE: u64 = 7919;

const ADD: &str = "add_note";
const GET: &str = "get_notes of 1";
const NEW: &str = "create_session, add_note, get_notes";

pub(crate) fn measure(ours: &Ours<'_>) -> anyhow::Result<Axis> {
    let mut axis = Axis::new(Grows::Sessions);
    for sessions in SESSIONS {
        ui::step("measure", &format!("{sessions} sessions of one note"));
        let store = ours.store()?;
        match fill(&store, sessions, 1)? {
            Ok(seconds) => axis.filled.push((sessions, seconds)),
            Err(why) => {
                for call in [ADD, GET, NEW] {
                    axis.keep(call, sessions, Outcome::Missing(why.clone()));
                }
                continue;
            }
        }
        let server = ours.start(&store)?;
        let one = |number: u64| session(number * STRIDE % sessions);
        let get = async |client: &mut Client, number: u64| client.page(&one(number), None, 0..1).await.map(drop);
        let add = async |client: &mut Client, number: u64| client.add_note(&one(number)).await;
        let new = async |client: &mut Client, _: u64| client.new_session().await;
        // Reading comes first: afterwards some have more than one note.
        axis.keep(GET, sessions, probe(&server, &store, get)?);
        axis.keep(ADD, sessions, probe(&server, &store, add)?);
        axis.keep(NEW, sessions, probe(&server, &store, new)?);
    }
    Ok(axis)
}
