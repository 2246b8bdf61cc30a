//! The measurements of `cargo xtask bench`: the servers, the schedule, the figures and the pages.
//!
//! The load generator is the crate `bench-load`. The servers to compare with are the crate `bench-servers` and the
//! scripts in `devtools/bench/peers`.

pub(crate) mod chart;
pub(crate) mod figures;
pub(crate) mod goals;
pub(crate) mod growth;
pub(crate) mod image_size;
pub(crate) mod interleaved;
pub(crate) mod load_generator;
pub(crate) mod machine;
pub(crate) mod measured_server;
pub(crate) mod packages;
pub(crate) mod peer;
pub(crate) mod report;
pub(crate) mod schedule;

pub(crate) mod stand_in;
pub(crate) mod usage;
