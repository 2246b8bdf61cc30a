//! A target: its name, which its file in `service/fuzz/targets` gives it, and the lines that build and run it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use xtask::{
    cargo::{self, cargo},
    process::CommandLine,
};

/// The longest input that is made up; what is longer differs in nothing but its length.
const LONGEST: usize = 4096;
/// Seconds that one input may take, on a machine that has other work.
const SLOWEST: u64 = 20;
/// MiB of memory above which a run is a leak.
const LARGEST: u64 = 2048;

/// A fuzz target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target(String);

/// Every target, by name.
pub(crate) fn all() -> anyhow::Result<Vec<Target>> {
    let folder = cargo::workspace_root().join("service/fuzz/targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names.into_iter().map(Target).collect())
}

/// Builds targets, with the features that `cargo test --workspace` has: its dependencies are used again.
pub(crate) fn build(targets: &[Target]) -> CommandLine {
    let examples = targets.iter().flat_map(|target| ["--example".to_owned(), target.example()]);
    cargo(["build", "--workspace", "--locked", "--features", "mcp-stateful-fuzz/libfuzzer"]).args(examples)
}

impl Target {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    fn example(&self) -> String {
        format!("fuzz-{}", self.0)
    }

    /// Makes up inputs for so many seconds, from what is kept and what earlier runs found, crashes among it.
    pub(crate) fn run(&self, target_directory: &Path, seconds: u64) -> anyhow::Result<CommandLine> {
        let place = target_directory.join("fuzz").join(&self.0);
        let (corpus, crashes) = (place.join("corpus"), place.join("crashes"));
        for folder in [&corpus, &crashes] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        // libFuzzer puts the name of the file right behind it.
        let mut prefix = OsString::from("-artifact_prefix=");
        prefix.push(crashes.join(""));
        Ok(self
            .binary(target_directory)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={LONGEST}"))
            .arg(format!("-timeout={SLOWEST}"))
            .arg(format!("-rss_limit_mb={LARGEST}"))
            .arg("-print_final_stats=1")
            .arg(prefix)
            .arg(corpus)
            .arg(self.seeds())
            .arg(crashes)
            .env("RUST_BACKTRACE", "0"))
    }

    /// Tries one input once more.
    pub(crate) fn repeat(&self, target_directory: &Path, input: &Path) -> CommandLine {
        self.binary(target_directory).arg(input).env("RUST_BACKTRACE", "1")
    }

    /// The inputs that are kept with the source.
    pub(crate) fn seeds(&self) -> PathBuf {
        cargo::workspace_root().join("service/fuzz/seeds").join(&self.0)
    }

    fn binary(&self, target_directory: &Path) -> CommandLine {
        CommandLine::new(cargo::example_binary(target_directory, &self.example()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_known_by_their_files_and_have_seeds() {
        let targets = all().unwrap();
        assert!(targets.contains(&Target("cursors".to_owned())));
        for target in targets {
            assert!(target.seeds().is_dir(), "{}", target.seeds().display());
        }
    }

    #[test]
    fn the_targets_are_built_as_the_tests_are() {
        let line = build(&[Target("a".to_owned()), Target("b".to_owned())]).to_string();
        let end =
            " build --workspace --locked --features mcp-stateful-fuzz/libfuzzer --example fuzz-a --example fuzz-b";
        assert!(line.ends_with(end), "{line}");
    }

    #[test]
    fn what_was_found_is_kept_and_begun_with_the_next_time() {
        let place = tempfile::tempdir().unwrap();
        let line = Target("a".to_owned()).run(place.path(), 5).unwrap().to_string();
        let crashes = place.path().join("fuzz").join("a").join("crashes");
        assert!(line.contains(" -max_total_time=5 "), "{line}");
        assert!(line.contains(&format!(" -artifact_prefix={}/ ", crashes.display())), "{line}");
        assert!(line.ends_with(&format!(" {}", crashes.display())), "{line}");
    }
}
