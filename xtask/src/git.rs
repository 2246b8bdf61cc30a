//! Starts git on a directory.

use std::path::Path;

use crate::process::{self, CommandLine};

/// The variables that name another repository, index or place of objects: `git rev-parse --local-env-vars`, except for
/// the configuration (`GIT_CONFIG_COUNT`, …), which may be what permits git to read the directory (`safe.directory`).
///
/// Git sets them for hooks and aliases, so they reach every command that one starts
/// (<https://git-scm.com/docs/githooks>).
const OTHER_REPOSITORY: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Returns git's trimmed output. `None` without git or a repository, or if git fails.
pub(crate) fn read(directory: &Path, args: &[&str]) -> Option<String> {
    let output = process::capture(&line(directory, args)).ok()?;
    output.success.then(|| output.stdout.trim().to_owned())
}

fn line(directory: &Path, args: &[&str]) -> CommandLine {
    CommandLine::new("git").args(args).directory(directory).without_env(OTHER_REPOSITORY.map(Into::into))
}
