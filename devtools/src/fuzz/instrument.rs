//! Makes the compiler count which code runs and what is compared, in our own crates only: cargo lets a wrapper stand before
//! the compiler for these, and this binary is the wrapper. The dependencies stay as the tests have them, compiled once.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;

use xtask::{
    environment,
    process::{self, CommandLine},
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

/// The line of cargo's, with our crates instrumented. The wrapper is a copy of this program below `target_directory`: cargo
/// may replace the program itself, as it does when the tests before this step build it with other features.
pub(crate) fn instrumented(line: CommandLine, target_directory: &Path) -> anyhow::Result<CommandLine> {
    let folder = target_directory.join("fuzz");
    let wrapper = folder.join("instrument");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::copy(ourselves()?, &wrapper).with_context(|| format!("cannot write {}", wrapper.display()))?;
    Ok(line.env("RUSTC_WORKSPACE_WRAPPER", wrapper).env(ASKED, "1"))
}

/// This program as it runs; on Linux also when its file was replaced.
fn ourselves() -> anyhow::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().context("cannot find the binary of xtask")
}

/// Is the wrapper, if that is what we were started for.
pub(crate) fn wrapper() -> Option<ExitCode> {
    let (compiler, args) = environment::compiler_to_wrap(ASKED)?;
    // The compiler has said what is wrong, to cargo.
    Some(if process::run(&wrapped(compiler, args)).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wrapped(compiler: OsString, args: Vec<OsString>) -> CommandLine {
    CommandLine::new(compiler).args(args).args(FLAGS)
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
        let target = tempfile::tempdir().unwrap();
        let line = instrumented(CommandLine::new("cargo"), target.path()).unwrap();
        let wrapper = PathBuf::from(line.value_of("RUSTC_WORKSPACE_WRAPPER").unwrap());
        assert!(wrapper.starts_with(target.path()) && wrapper.exists());
        assert!(line.value_of(ASKED).is_some());
    }
}
