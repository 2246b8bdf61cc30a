//! Input and output of the load generator, exchanged as JSON between devtools and the binary.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{api::Api, work::Work};

/// One bounded run against one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The server's address.
    pub address: SocketAddr,
    /// The API to call.
    pub api: Api,
    /// The bearer token, for servers with authentication.
    pub token: Option<String>,
    /// The kind of calls.
    pub work: Work,
    /// Number of connections. Each has one request in flight.
    pub connections: u32,
    /// Limit for the number of requests.
    pub requests: u64,
    /// Limit for the duration in seconds.
    pub seconds: f64,
    /// Part of every text that must be new.
    pub run: String,
}

/// The result of a run. All its responses were correct because a wrong one ends the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Number of requests.
    pub requests: u64,
    /// Time from the first request to the last response.
    pub seconds: f64,
    /// Median response time in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of the response times in milliseconds.
    pub p99_ms: f64,
}
