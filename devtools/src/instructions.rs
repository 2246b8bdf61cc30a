//! How many instructions the service executes for a request, path by path. Instructions repeat where time does not: on a
//! machine that is busy, slow or shared they are nearly the same. What is kept is docs/bench/instructions.json.

pub(crate) mod callgrind;
pub(crate) mod figures;
pub(crate) mod hot_path;
pub(crate) mod verdict;
