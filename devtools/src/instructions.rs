//! The number of instructions that the service executes for a request, path by path.
//!
//! Instructions are reproducible where time is not: a busy, slow or shared machine counts nearly the same. The kept
//! counts are in docs/bench/instructions.json.

pub(crate) mod callgrind;
pub(crate) mod figures;
pub(crate) mod hot_path;
pub(crate) mod verdict;
