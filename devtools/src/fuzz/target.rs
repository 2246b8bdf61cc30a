//! A fuzz target, named after its file in `service/fuzz/targets`, and the command lines that build and run it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use xtask::{
    cargo::{self, build::Built, cargo},
    process::CommandLine,
};

/// The maximum length of a generated input. Longer ones reach no other code.
const MAX_LENGTH: usize = 4096;
/// The time limit of one input in seconds, with a margin for a busy machine.
const TIMEOUT: u64 = 20;
/// The limit of memory in MiB, above which a run fails as a leak.
const MEMORY: u64 = 2048;

/// A fuzz target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target(String);

/// Returns every target, sorted by name.
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

/// Builds targets with the features of `cargo test --workspace`, so that its dependencies are reused.
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

    /// Fuzzes for a number of seconds, starting from the seeds and from the corpus and crashes of earlier runs.
    pub(crate) fn run(&self, built: &Built, target_directory: &Path, seconds: u64) -> anyhow::Result<CommandLine> {
        let directory = target_directory.join("fuzz").join(&self.0);
        let (corpus, crashes) = (directory.join("corpus"), directory.join("crashes"));
        for folder in [&corpus, &crashes] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        // libFuzzer appends the file name, so the prefix ends with a separator.
        let mut prefix = OsString::from("-artifact_prefix=");
        prefix.push(crashes.join(""));
        Ok(self
            .binary(built)?
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_LENGTH}"))
            .arg(format!("-timeout={TIMEOUT}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .arg("-print_final_stats=1")
            .arg(prefix)
            .arg(corpus)
            .arg(self.seeds())
            .arg(crashes)
            .env("RUST_BACKTRACE", "0"))
    }

    /// Runs one input.
    pub(crate) fn replay(&self, built: &Built, input: &Path) -> anyhow::Result<CommandLine> {
        Ok(self.binary(built)?.arg(input).env("RUST_BACKTRACE", "1"))
    }

    /// The directory of the inputs in the repository.
    pub(crate) fn seeds(&self) -> PathBuf {
        cargo::workspace_root().join("service/fuzz/seeds").join(&self.0)
    }

    fn binary(&self, built: &Built) -> anyhow::Result<CommandLine> {
        Ok(CommandLine::new(built.executable(&self.example())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds() {
        let targets = all().unwrap();
        assert!(targets.contains(&Target("cursors".to_owned())));
        for target in targets {
            assert!(target.seeds().is_dir(), "{}", target.seeds().display());
        }
    }

    #[test]
    fn targets_build_with_workspace_features() {
        let line = build(&[Target("a".to_owned()), Target("b".to_owned())]).to_string();
        let end =
            " build --workspace --locked --features mcp-stateful-fuzz/libfuzzer --example fuzz-a --example fuzz-b";
        assert!(line.ends_with(end), "{line}");
    }

    #[test]
    fn run_starts_from_earlier_crashes() {
        let target_directory = tempfile::tempdir().unwrap();
        let built = Built::from_iter([("fuzz-a".to_owned(), PathBuf::from("/target/fuzz-a"))]);
        let line = Target("a".to_owned()).run(&built, target_directory.path(), 5).unwrap().to_string();
        let crashes = target_directory.path().join("fuzz").join("a").join("crashes");
        assert!(line.contains(" -max_total_time=5 "), "{line}");
        assert!(line.contains(&format!(" -artifact_prefix={}/ ", crashes.display())), "{line}");
        assert!(line.ends_with(&format!(" {}", crashes.display())), "{line}");
    }
}
