//! Servers that differ by little, side by side: all run at once and are asked in turn, round by round, so that whatever else
//! the machine does meets all alike.

use bench_load::Work;

use super::{figures::Duel, peer::Contestant, schedule::Bench};
use xtask::ui;

const SIDE_BY_SIDE: [Contestant; 3] = [Contestant::Axum, Contestant::Rmcp, Contestant::Ours];

/// Hot `echo_cached` at 32 connections, on every surface.
pub(crate) fn hot_echoes(bench: &Bench<'_>) -> anyhow::Result<Vec<Duel>> {
    ui::step("measure", "hot echo_cached, side by side");
    let store = bench.store()?;
    let mut servers = Vec::new();
    for contestant in SIDE_BY_SIDE {
        servers.push((contestant, bench.start(contestant, &store)?));
    }
    let mut duels: Vec<Duel> = Vec::new();
    for round in 0..if bench.quick { 3 } else { 7 } {
        let asked = servers.iter().flat_map(|(contestant, server)| {
            contestant.surfaces().iter().map(move |surface| (*contestant, *surface, server))
        });
        for (contestant, surface, server) in asked {
            let driven = bench.drive(contestant, surface, server, Work::EchoHot, 32, &format!("duel-{round}"))?;
            match duels.iter_mut().find(|duel| (duel.contestant, duel.surface) == (contestant, surface)) {
                Some(duel) => duel.rounds.push(driven.cpu_per_1000()),
                None => duels.push(Duel { contestant, surface, rounds: vec![driven.cpu_per_1000()] }),
            }
        }
    }
    Ok(duels)
}
