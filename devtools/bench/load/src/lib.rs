//! The load generator of `cargo xtask bench`: sends requests, checks the responses and measures their times.
//!
//! It uses TCP directly, so that its own CPU time stays small beside the measured server's. The binary drives a
//! [`Plan`], and devtools shares the types.

pub mod api;
pub mod connection;
pub mod drive;
pub mod plan;
pub mod work;

pub use api::Api;
pub use plan::{Plan, Report};
pub use work::Work;
