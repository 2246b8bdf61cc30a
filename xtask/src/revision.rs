//! The revision of the source: git's short hash, with `-dirty` if files differ, or `unknown` without git.

use crate::{
    cargo::workspace_root,
    process::{self, CommandLine},
};

/// Returns the revision of the checkout.
pub fn of_checkout() -> String {
    let commit = git(["rev-parse", "--short=12", "HEAD"]);
    let changes = git(["status", "--porcelain"]);
    describe(commit.as_deref(), changes.as_deref())
}

fn describe(commit: Option<&str>, changes: Option<&str>) -> String {
    match (commit, changes) {
        (Some(commit), Some("")) => commit.to_owned(),
        (Some(commit), Some(_)) => format!("{commit}-dirty"),
        _ => "unknown".to_owned(),
    }
}

/// Returns git's output, or `None` without git, a repository or a commit.
fn git<const N: usize>(args: [&str; N]) -> Option<String> {
    let output = process::capture(&CommandLine::new("git").args(args).directory(workspace_root())).ok()?;
    output.success.then(|| output.stdout.trim().to_owned())
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
