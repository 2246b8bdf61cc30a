//! Runs the real xtask binary with the real service. Each test has a directory and ports of its own.

#![expect(clippy::disallowed_methods, reason = "tests start processes; the rule is for the program")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy exempts tests, but not their helpers")]

mod deployment;
mod export;
mod refusals;
mod rollback;
#[cfg(unix)]
mod settings;
mod support;
