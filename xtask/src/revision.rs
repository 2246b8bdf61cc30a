//! The revision of the source: git's short hash, with `-dirty` if files differ, or `unknown` without git.

use crate::git;

/// Settings of a deployment are no part of the source, so a new or changed file of them does not make it dirty.
const WITHOUT_ENVIRONMENTS: &str = ":(exclude)environments/*.toml";

/// Returns the revision of the checkout.
pub fn of_checkout() -> String {
    // A checkout without a repository of its own may lie in one of something else.
    let commit = git::read(["ls-files", "--error-unmatch", "Cargo.lock"])
        .and_then(|_| git::read(["rev-parse", "--short=12", "HEAD"]));
    // Named, because git's configuration can hide untracked files.
    let changes = git::read(["status", "--porcelain", "--untracked-files=normal", "--", ".", WITHOUT_ENVIRONMENTS]);
    describe(commit.as_deref(), changes.as_deref())
}

fn describe(commit: Option<&str>, changes: Option<&str>) -> String {
    match (commit, changes) {
        (Some(commit), Some("")) => commit.to_owned(),
        (Some(commit), Some(_)) => format!("{commit}-dirty"),
        _ => "unknown".to_owned(),
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
}
