//! `cargo xtask` with the AWS SDK: every command.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run()
}
