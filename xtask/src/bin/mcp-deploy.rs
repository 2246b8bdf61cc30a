//! The deployer with every command, as `cargo install --path xtask` installs it.
//!
//! `cargo xtask` starts it, too, for commands that its own first build leaves out.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run_installed()
}
