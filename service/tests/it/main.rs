//! Tests of the service from outside.
//!
//! The store is tested through its public methods, everything else through real processes and sockets.
//!
//! `MCP_TEST_FAST_PATHS=off` runs the whole suite with the service's fast paths off.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests: a panic is the report"
)]

mod arguments;
mod batches;
mod cancellation;
mod cli;
mod connections;
mod cost;
mod disk_full;
mod edges;
#[cfg(target_os = "linux")]
mod fast_path;
mod faults;
mod front;
mod isolation;
mod keyed;
mod lame_duck;
mod lifecycle;
mod mcp;
mod oauth;
mod outgoing;
mod own_offers;
mod own_tools;
mod permissions;
mod proxy;
mod rate_limit;
mod rest;
mod sessions;
mod state;
mod stdio;
mod store;
mod store_file;
mod support;
mod telemetry;
mod tokens;
mod wire;
