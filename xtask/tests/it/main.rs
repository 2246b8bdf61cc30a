//! xtask from outside: the real binary, the real service, a directory and ports of its own for each test.

#![expect(clippy::disallowed_methods, reason = "a test starts processes; the doors are for the program")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "clippy knows tests, and not what helps them")]

mod deployment;
mod refusals;
mod rollback;
mod support;
