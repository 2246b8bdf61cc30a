//! Interleaved measurement of servers that differ by little. All of them run at the same time and are measured in
//! alternation, so that other load on the machine affects all alike.

use bench_load::Work;

use super::{figures::Interleaved, peer::Peer, schedule::Bench};
use xtask::ui;

const PEERS: [Peer; 3] = [Peer::Axum, Peer::Rmcp, Peer::Service];

/// Measures hot `echo_cached` at 32 connections on every API of each server.
pub(crate) fn hot_echoes(bench: &Bench<'_>) -> anyhow::Result<Vec<Interleaved>> {
    ui::step("measure", "hot echo_cached, interleaved");
    let store = bench.store()?;
    let mut servers = Vec::new();
    for peer in PEERS {
        servers.push((peer, bench.start(peer, &store)?));
    }
    let mut interleaved: Vec<Interleaved> = Vec::new();
    for round in 0..if bench.quick { 3 } else { 7 } {
        let measured =
            servers.iter().flat_map(|(peer, server)| peer.apis().iter().map(move |api| (*peer, *api, server)));
        for (peer, api, server) in measured {
            let result = bench.drive(peer, api, server, Work::EchoHot, 32, &format!("interleaved-{round}"))?;
            match interleaved.iter_mut().find(|interleaved| (interleaved.peer, interleaved.api) == (peer, api)) {
                Some(interleaved) => interleaved.rounds.push(result.cpu_per_1000()),
                None => interleaved.push(Interleaved { peer, api, rounds: vec![result.cpu_per_1000()] }),
            }
        }
    }
    Ok(interleaved)
}
