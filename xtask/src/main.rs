//! `cargo xtask`, as far as it goes without AWS.
//!
//! It leaves the AWS SDK out, so that a first `deploy --local` does not wait for it. A command that needs AWS is handed to
//! `xtask-aws`, which cargo builds when it is first wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run()
}
