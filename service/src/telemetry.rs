//! Log lines and metrics. No note, token or session name appears in either.

pub mod call;
pub mod log;
mod metrics;
pub mod targets;

pub use metrics::Metrics;
