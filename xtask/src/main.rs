//! `cargo xtask` without AWS.
//!
//! It does not contain ECS, ECR and the registry client, so that a first `deploy --local` does not compile them.
//! Commands that need AWS are handed to `mcp-deploy`, which cargo builds on first use.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run()
}
