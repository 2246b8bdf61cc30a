//! The service from outside: the store through its public methods, everything else through real processes and sockets.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests: a panic is the report"
)]

mod cli;
mod cost;
#[cfg(target_os = "linux")]
mod direct;
mod disk_full;
mod edges;
mod faults;
mod isolation;
mod keyed;
mod lifecycle;
mod mcp;
mod oauth;
mod permissions;
mod rest;
mod sessions;
mod stdio;
mod store;
mod support;
mod telemetry;
mod tokens;
