//! The MCP conformance suite, as we use it: what is run, how its results are read, and which failures are known.
//!
//! The suite judges; this only reads. Starting servers is `server`'s, the order of it all the command's.

pub(crate) mod expected;
pub(crate) mod results;
pub(crate) mod suite;
pub(crate) mod verdict;
