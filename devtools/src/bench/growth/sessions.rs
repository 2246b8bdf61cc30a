//! Growth of sessions in the table: the cost of adding a note to one of them, of reading it, and of a new session.

use super::{
    client::Client,
    figures::{Axis, Dimension, Outcome},
    probe::probe,
    setup::{Setup, fill, session},
};
use xtask::ui;

const SESSIONS: [u64; 5] = [100, 1000, 10_000, 100_000, 1_000_000];
/// Prime, so that consecutive calls visit distant sessions and all are visited.
const STRIDE: u64 = 7919;

const ADD: &str = "add_note";
const GET: &str = "get_notes of 1";
const NEW: &str = "create_session, add_note, get_notes";

pub(crate) fn measure(setup: &Setup<'_>) -> anyhow::Result<Axis> {
    let mut axis = Axis::new(Dimension::Sessions);
    for sessions in SESSIONS {
        ui::step("measure", &format!("{sessions} sessions of one note"));
        let store = setup.store()?;
        match fill(&store, sessions, 1)? {
            Ok(seconds) => axis.filled.push((sessions, seconds)),
            Err(why) => {
                for call in [ADD, GET, NEW] {
                    axis.push(call, sessions, Outcome::Missing(why.clone()));
                }
                continue;
            }
        }
        let server = setup.start(&store)?;
        let one = |number: u64| session(number * STRIDE % sessions);
        let get = async |client: &mut Client, number: u64| client.page(&one(number), None, 0..1).await.map(drop);
        let add = async |client: &mut Client, number: u64| client.add_note(&one(number)).await;
        let new = async |client: &mut Client, _: u64| client.new_session().await;
        // Reads come first: later some sessions have more than one note.
        axis.push(GET, sessions, probe(&server, &store, get)?);
        axis.push(ADD, sessions, probe(&server, &store, add)?);
        axis.push(NEW, sessions, probe(&server, &store, new)?);
    }
    Ok(axis)
}
