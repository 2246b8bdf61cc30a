//! The revision of a source: git's short hash, with `-dirty` if files differ, or `unknown` without git.

use std::path::Path;

use crate::{cargo::workspace_root, git};

/// The revision of a source that git does not know.
pub(crate) const UNKNOWN: &str = "unknown";

/// Settings of a deployment are no part of the source, so a new or changed file of them does not make it dirty.
const WITHOUT_ENVIRONMENTS: &str = ":(exclude)environments/*.toml";

/// Returns the revision of the checkout that this program was compiled from, for developers' commands.
pub fn of_checkout() -> String {
    of_workspace(workspace_root())
}

/// Returns the revision of a workspace, by the changes in its directory.
pub(crate) fn of_workspace(root: &Path) -> String {
    // Without its lock file in git, a commit stands for many builds.
    of(root, "Cargo.lock", &[".", WITHOUT_ENVIRONMENTS])
}

/// Returns the revision of the package in a directory, by the changes in its whole repository. Its manifest may inherit
/// from one further up.
pub(crate) fn of_package(directory: &Path) -> String {
    of(directory, "Cargo.toml", &[":(top)"])
}

/// `tracked` has to be in git, because a directory without a repository of its own may lie in one of something else.
fn of(directory: &Path, tracked: &str, paths: &[&str]) -> String {
    let commit = git::read(directory, &["ls-files", "--error-unmatch", tracked])
        .and_then(|_| git::read(directory, &["rev-parse", "--short=12", "HEAD"]));
    // Named, because git's configuration can hide untracked files.
    let changes = git::read(directory, &[&["status", "--porcelain", "--untracked-files=normal", "--"], paths].concat());
    describe(commit.as_deref(), changes.as_deref())
}

/// Returns whether a revision names exactly one source. `-dirty` and `unknown` stand for many.
pub(crate) fn is_clean(revision: &str) -> bool {
    revision != UNKNOWN && !revision.ends_with("-dirty")
}

fn describe(commit: Option<&str>, changes: Option<&str>) -> String {
    match (commit, changes) {
        (Some(commit), Some("")) => commit.to_owned(),
        (Some(commit), Some(_)) => format!("{commit}-dirty"),
        _ => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revision_marks_differing_files() {
        assert_eq!(describe(Some("0123456789ab"), Some("")), "0123456789ab");
        assert_eq!(describe(Some("0123456789ab"), Some("?? new")), "0123456789ab-dirty");
        assert_eq!(describe(None, Some("?? new")), "unknown");
        assert_eq!(describe(None, None), "unknown");
    }

    #[test]
    fn package_of_the_checkout_has_its_revision() {
        let package = of_package(&workspace_root().join("service"));
        assert_eq!(package.trim_end_matches("-dirty"), of_checkout().trim_end_matches("-dirty"));
        assert_eq!(of_package(tempfile::tempdir().unwrap().path()), UNKNOWN);
    }
}
