//! What one call takes: of the store, over a few calls that are counted, and of the CPU, over many that are not.

use std::time::{Duration, Instant};

use super::{
    client::Client,
    figures::{Measured, Outcome},
};
use crate::bench::{running::Running, store::Store};
use xtask::runtime;

/// Calls before anything is measured: connections are made, and memory is had.
const WARM: u64 = 100;
const COUNTED: u64 = 20;
/// CPU time is told to 10 ms, which is about a hundredth of what so many calls take. No more, and no longer.
const TIMED: u64 = 3000;
const LONGEST: Duration = Duration::from_secs(30);

/// Makes a call over and over, on one connection. `call` is told how many there were before.
pub(crate) fn probe(
    server: &Running,
    store: &Store,
    call: impl AsyncFn(&mut Client, u64) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let make = |from: u64, count: u64| {
        runtime::wait_for(async {
            let (mut client, started, mut made) = (Client::new(server.address), Instant::now(), 0);
            while made < count && started.elapsed() < LONGEST {
                call(&mut client, from + made).await?;
                made += 1;
            }
            anyhow::Ok(made)
        })?
    };
    make(0, WARM)?;
    let mut counted = 0;
    let cost = store.cost_of(|| {
        counted = make(WARM, COUNTED)?;
        Ok(())
    })?;
    let before = server.usage()?.cpu;
    let timed = make(WARM + COUNTED, TIMED)?;
    let cpu = server.usage()?.cpu - before;
    Ok(Outcome::Measured(Measured::new(cpu.as_secs_f64(), timed, &cost, counted)))
}
