//! Measures the cost of one kind of call: store operations over a few counted calls, CPU time over many uncounted ones.

use std::time::{Duration, Instant};

use super::{
    client::Client,
    figures::{Measured, Outcome},
};
use crate::bench::{measured_server::MeasuredServer, stand_in::StandIn};
use xtask::runtime;

/// Calls before the measurement, to open connections and allocate memory.
const WARM_UP: u64 = 100;
const COUNTED: u64 = 20;
/// Enough calls that the 10 ms resolution of CPU time is about a hundredth of their time.
const TIMED: u64 = 3000;
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Repeats a call on one connection and measures it. `call` receives the number of calls before it.
pub(crate) fn probe(
    server: &MeasuredServer,
    store: &StandIn,
    call: impl AsyncFn(&mut Client, u64) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let make = |from: u64, count: u64| {
        runtime::wait_for(async {
            let (mut client, started, mut made) = (Client::new(server.address), Instant::now(), 0);
            while made < count && started.elapsed() < TIME_LIMIT {
                call(&mut client, from + made).await?;
                made += 1;
            }
            anyhow::Ok(made)
        })?
    };
    make(0, WARM_UP)?;
    let mut counted = 0;
    let cost = store.cost_of(|| {
        counted = make(WARM_UP, COUNTED)?;
        Ok(())
    })?;
    let before = server.usage()?.cpu;
    let timed = make(WARM_UP + COUNTED, TIMED)?;
    let cpu = server.usage()?.cpu - before;
    Ok(Outcome::Measured(Measured::new(cpu.as_secs_f64(), timed, &cost, counted)))
}
