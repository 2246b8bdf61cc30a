//! A deployment on this machine: its directory, its process, and the steps that change them.
//!
//! Each module is one noun or one step, and `commands/` orders the steps. Must not know AWS.

pub(crate) mod check;
pub(crate) mod deployments;
pub(crate) mod home;
pub(crate) mod launch;
pub(crate) mod log;
pub(crate) mod metrics;
mod port_owner;
pub mod ports;
pub(crate) mod preflight;
pub mod ready;
pub(crate) mod record;
pub(crate) mod secrets;
pub(crate) mod service;
pub(crate) mod stage;
pub(crate) mod stop;
pub(crate) mod token;

pub use crate::process::identity;
