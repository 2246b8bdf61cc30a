//! How images are tagged. Tags cannot be moved, so a tag must not come to name two images.

use super::Architecture;

/// Hex digits of the image's id in the tag of a source that has no name.
const DIGITS: usize = 12;

/// Whether a revision names one source for good; `-dirty` and `unknown` stand for many.
pub(super) fn is_clean(revision: &str) -> bool {
    revision != "unknown" && !revision.ends_with("-dirty")
}

/// The tag of a clean revision, which is known before anything is built.
pub(super) fn of_revision(revision: &str, architecture: Architecture) -> String {
    match architecture {
        Architecture::X86_64 => revision.to_owned(),
        Architecture::Arm64 => format!("{revision}-arm64"),
    }
}

/// The tag of what was built, which is known before that is compressed.
pub(super) fn of_image(revision: &str, architecture: Architecture, id: &str) -> String {
    let tag = of_revision(revision, architecture);
    if is_clean(revision) {
        return tag;
    }
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    format!("{tag}-{}", hex.get(..DIGITS).unwrap_or(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_clean_revision_is_the_whole_tag() {
        assert_eq!(of_image("abc", Architecture::X86_64, ID), "abc");
        assert_eq!(of_image("abc", Architecture::Arm64, ID), "abc-arm64");
    }

    #[test]
    fn what_stands_for_many_sources_is_told_apart_by_the_id() {
        assert_eq!(of_image("abc-dirty", Architecture::X86_64, ID), "abc-dirty-0123456789ab");
        assert_eq!(of_image("abc-dirty", Architecture::Arm64, ID), "abc-dirty-arm64-0123456789ab");
        assert_eq!(of_image("unknown", Architecture::X86_64, ID), "unknown-0123456789ab");
    }
}
