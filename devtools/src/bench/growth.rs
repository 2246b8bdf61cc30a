//! How cost grows, for `cargo xtask bench --growth`: our service alone, with more and more notes in a session, sessions in the
//! table, and replicas on it. A file for each of the three; what all of them share is beside.

pub(crate) mod chart;
pub(crate) mod client;
pub(crate) mod figures;
pub(crate) mod fill;
pub(crate) mod fit;
pub(crate) mod notes;
pub(crate) mod page;
pub(crate) mod probe;
pub(crate) mod replicas;
pub(crate) mod sessions;
