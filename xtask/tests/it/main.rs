//! Runs the real xtask binary with the real service. Each test has a directory and ports of its own.

#![expect(clippy::disallowed_methods, reason = "tests start processes; the rule is for the program")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy exempts tests, but not their helpers")]

#[cfg(unix)]
mod aws_credentials;
#[cfg(unix)]
mod aws_destroy;
mod deployment;
mod export;
#[cfg(unix)]
mod fake_aws;
mod own_crate;
#[cfg(unix)]
mod preflight;
mod refusals;
mod rollback;
#[cfg(unix)]
mod settings;
mod support;
