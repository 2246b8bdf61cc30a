//! What the service tells about itself: log lines and metrics. No note, token or session name passes through here.

pub mod call;
pub mod log;
mod metrics;

pub use metrics::Metrics;
