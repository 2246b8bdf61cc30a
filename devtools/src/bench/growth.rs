//! `cargo xtask bench --growth`: the cost of calls to the service with more notes in a session, more sessions in the
//! table and more replicas. Each of the three has a file.

pub(crate) mod chart;
mod client;
pub(crate) mod figures;
pub(crate) mod notes;
mod power_law;
mod probe;
pub(crate) mod replicas;
pub(crate) mod report;
pub(crate) mod sessions;
pub(crate) mod setup;
