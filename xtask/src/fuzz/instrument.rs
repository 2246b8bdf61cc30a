//! Makes the compiler count which code runs and what is compared, in our own crates only: cargo lets a wrapper stand before
//! the compiler for these, and this binary is the wrapper. The dependencies stay as the tests have them, compiled once.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Context;

use crate::{
    environment,
    shell::{self, Line},
};

/// Says to this binary, when cargo calls it, that it is to be the wrapper.
const ASKED: &str = "XTASK_INSTRUMENTS";

/// LLVM's own pass, as cargo-fuzz has it but for the address sanitizer, which only a nightly compiler has; we have no unsafe
/// code that it could catch.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// The line of cargo's, with our crates instrumented.
pub(crate) fn instrumented(line: Line) -> anyhow::Result<Line> {
    let ourselves = std::env::current_exe().context("cannot find the binary of xtask")?;
    Ok(line.env("RUSTC_WORKSPACE_WRAPPER", ourselves).env(ASKED, "1"))
}

/// Is the wrapper, if that is what we were started for.
pub(crate) fn wrapper() -> Option<ExitCode> {
    let (compiler, args) = environment::compiler_to_wrap(ASKED)?;
    // The compiler has said what is wrong, to cargo.
    Some(if shell::run(&wrapped(compiler, args)).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wrapped(compiler: OsString, args: Vec<OsString>) -> Line {
    Line::new(compiler).args(args).args(FLAGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_gets_its_arguments_and_then_ours() {
        let line = wrapped("/rust/rustc".into(), vec!["--crate-name".into(), "x".into()]).to_string();
        assert!(line.starts_with("rustc --crate-name x -Cpasses=sancov-module "), "{line}");
        assert!(!line.contains("-Z"), "{line}");
    }

    #[test]
    fn cargo_is_told_that_we_are_the_wrapper() {
        let line = instrumented(Line::new("cargo")).unwrap();
        assert!(line.value_of("RUSTC_WORKSPACE_WRAPPER").is_some());
        assert!(line.value_of(ASKED).is_some());
    }
}
