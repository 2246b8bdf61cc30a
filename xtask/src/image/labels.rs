//! The labels and the creation time of an image. Both depend on the source alone, so that images are reproducible.

use std::collections::BTreeMap;

use super::tag;
use crate::git;

/// Labels, ordered by name.
pub(super) type Labels = BTreeMap<&'static str, String>;

/// Returns the labels for an image of this revision.
pub(super) fn for_revision(revision: &str) -> Labels {
    let mut labels = Labels::from([
        ("org.opencontainers.image.title", "mcp-stateful".to_owned()),
        ("org.opencontainers.image.revision", revision.to_owned()),
        ("org.opencontainers.image.version", env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    let source = env!("CARGO_PKG_REPOSITORY");
    if !source.is_empty() {
        labels.insert("org.opencontainers.image.source", source.to_owned());
    }
    labels
}

/// Returns the time of the source's commit in seconds since 1970, or 0 for a revision that is not clean.
pub(super) fn committed_at(revision: &str) -> u64 {
    if !tag::is_clean(revision) {
        return 0;
    }
    git::read(["log", "-1", "--format=%ct"]).and_then(|seconds| seconds.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_the_revision_and_are_not_empty() {
        let labels = for_revision("abc");
        assert_eq!(labels["org.opencontainers.image.revision"], "abc");
        assert!(labels.values().all(|value| !value.is_empty()));
    }

    #[test]
    fn uncommitted_source_has_time_zero() {
        assert_eq!(committed_at("unknown"), 0);
        assert_eq!(committed_at("abc-dirty"), 0);
    }
}
