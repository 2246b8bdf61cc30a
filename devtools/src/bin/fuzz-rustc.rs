//! The compiler of `cargo xtask fuzz`, which cargo starts in the place of rustc for the workspace's own crates
//! (`RUSTC_WORKSPACE_WRAPPER`): adds counters for the executed code and the compared values.
//!
//! Dependencies are compiled without the counters, as the tests have them, and so only once.

use std::{
    env,
    process::{Command, ExitCode},
};

/// LLVM's own pass, with the options that cargo-fuzz gives it. The address sanitizer is left out: it needs a nightly
/// compiler, and the workspace has no unsafe code that it could check.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let Some(compiler) = args.next() else { return ExitCode::FAILURE };
    #[expect(clippy::disallowed_methods, reason = "the wrapper has no dependencies, and this is all that it does")]
    let status = Command::new(compiler).args(args).args(FLAGS).status();
    // The compiler has reported its errors to cargo.
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
