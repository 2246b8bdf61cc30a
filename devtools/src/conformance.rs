//! The MCP conformance suite: its scenarios, its results and the known failures.
//!
//! Reads the suite's verdicts and makes none. `server` starts the servers; the command decides the order.

pub(crate) mod expected;
pub(crate) mod results;
pub(crate) mod suite;
pub(crate) mod verdict;
