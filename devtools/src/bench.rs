//! The measuring of `cargo xtask bench`: who is measured, what is read off, and what is written down. The load itself is the
//! crate `bench-load`, the servers that are only measured against are `bench-servers` and the scripts in `xtask/bench`.

pub(crate) mod chart;
pub(crate) mod figures;
pub(crate) mod goals;
pub(crate) mod growth;
pub(crate) mod image_size;
pub(crate) mod interleaved;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod packages;
pub(crate) mod peer;
pub(crate) mod report;
pub(crate) mod running;
pub(crate) mod schedule;
pub(crate) mod service;
pub(crate) mod store;
pub(crate) mod usage;
