//! Fills the stand-in with sessions, part by part, for as long as that is reasonable.

use std::time::{Duration, Instant};

use crate::bench::store::Store;

/// Notes that are put in at once.
const PART: u64 = 20_000;
/// No point waits longer than this for its store to be filled.
const LIMIT: Duration = Duration::from_secs(300);

/// The name of a session that was filled in.
pub(crate) fn session(number: u64) -> String {
    format!("grown-{number}")
}

/// Puts sessions of so many notes each into the store. Answers how long it took, in seconds, or in words that it took too long.
pub(crate) fn fill(store: &Store, sessions: u64, notes_each: u64) -> anyhow::Result<Result<f64, String>> {
    let (started, notes) = (Instant::now(), sessions * notes_each);
    let mut from = 0;
    while from < notes {
        if started.elapsed() > LIMIT {
            return Ok(Err(format!("only {from} of {notes} notes were in the stand-in after {} s", LIMIT.as_secs())));
        }
        let to = notes.min(from + PART);
        store.fill(notes_each, from, to)?;
        from = to;
    }
    Ok(Ok(started.elapsed().as_secs_f64()))
}
