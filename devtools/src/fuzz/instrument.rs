//! Has cargo compile the workspace's crates with counters, through the wrapper `fuzz-rustc`.

use std::path::Path;

use xtask::{cargo::cargo, process::CommandLine};

/// The name of the wrapper.
pub(crate) const WRAPPER: &str = "fuzz-rustc";

/// Builds the wrapper, with the features that the workspace's tests have.
pub(crate) fn build_wrapper() -> CommandLine {
    cargo(["build", "--workspace", "--locked", "--bin", WRAPPER, "--example", "conformance-fixture"])
}

/// Adds the wrapper to a cargo line.
pub(crate) fn instrumented(line: CommandLine, wrapper: &Path) -> CommandLine {
    line.env("RUSTC_WORKSPACE_WRAPPER", wrapper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_starts_the_wrapper_that_was_built() {
        assert!(build_wrapper().to_string().contains("--bin fuzz-rustc"));
        let line = instrumented(CommandLine::new("cargo"), Path::new("/target/fuzz-rustc"));
        assert_eq!(line.value_of("RUSTC_WORKSPACE_WRAPPER"), Some("/target/fuzz-rustc".as_ref()));
    }
}
