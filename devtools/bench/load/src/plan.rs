//! What the load is told, and what it tells: both as JSON between xtask and the binary.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{surface::Surface, work::Work};

/// One bounded run against one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Where the server listens.
    pub address: SocketAddr,
    /// How it is spoken to.
    pub surface: Surface,
    /// The bearer token, for servers that ask for one.
    pub token: Option<String>,
    /// What is asked.
    pub work: Work,
    /// Connections, each with one request under way at a time.
    pub connections: u32,
    /// At most so many requests.
    pub requests: u64,
    /// At most so many seconds.
    pub seconds: f64,
    /// Goes into every text that has to be new.
    pub run: String,
}

/// What came of it. Times are of answers only: what came wrong ends the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Requests answered rightly.
    pub requests: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Half of the answers took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
}
