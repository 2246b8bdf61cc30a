//! The load of `cargo xtask bench`: which requests are sent, which answers are right, and how long they took.
//!
//! A client of its own on bare TCP, so that the server is what is measured. The binary drives a [`Plan`]; xtask has the types.

pub mod connection;
pub mod drive;
pub mod plan;
pub mod surface;
pub mod work;

pub use plan::{Plan, Report};
pub use surface::Surface;
pub use work::Work;
