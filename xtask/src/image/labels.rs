//! What an image says of itself: the labels, and when it was made. Both depend on the source alone.

use std::collections::BTreeMap;

use super::tag;
use crate::{
    cargo::workspace_root,
    process::{self, CommandLine},
};

/// Labels, in the order of their names.
pub(super) type Labels = BTreeMap<&'static str, String>;

/// The labels of an image of this revision.
pub(super) fn of(revision: &str) -> Labels {
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

/// When the source was committed, in seconds since 1970. A source that no commit names has no time: 0.
pub(super) fn committed_at(revision: &str) -> u64 {
    if !tag::is_clean(revision) {
        return 0;
    }
    let line = CommandLine::new("git").args(["log", "-1", "--format=%ct"]).directory(workspace_root());
    let output = process::capture(&line).ok().filter(|output| output.success);
    output.and_then(|output| output.stdout.trim().parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labels_name_the_revision_and_leave_out_what_is_not_known() {
        let labels = of("abc");
        assert_eq!(labels["org.opencontainers.image.revision"], "abc");
        assert!(labels.values().all(|value| !value.is_empty()));
    }

    #[test]
    fn what_is_not_committed_has_no_time() {
        assert_eq!(committed_at("unknown"), 0);
        assert_eq!(committed_at("abc-dirty"), 0);
    }
}
