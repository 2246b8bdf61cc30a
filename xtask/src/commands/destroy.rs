//! `cargo xtask destroy`: on AWS, or on this machine.

#[cfg(feature = "aws")]
pub(super) mod aws;
pub(super) mod local;
