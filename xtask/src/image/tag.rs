//! The tags of images. Tags are immutable, so one tag must never be given to two images.

use super::Architecture;

/// The number of hex digits of the image's id in the tag of a revision that is not clean.
const DIGITS: usize = 12;

/// Returns whether a revision names exactly one source. `-dirty` and `unknown` stand for many.
pub(super) fn is_clean(revision: &str) -> bool {
    revision != "unknown" && !revision.ends_with("-dirty")
}

/// Returns the tag for a clean revision, which is known before the build.
pub(super) fn for_revision(revision: &str, architecture: Architecture) -> String {
    match architecture {
        Architecture::X86_64 => revision.to_owned(),
        Architecture::Arm64 => format!("{revision}-arm64"),
    }
}

/// Returns the tag for an image, which is known after the build and before the compression.
pub(super) fn for_image(revision: &str, architecture: Architecture, id: &str) -> String {
    let tag = for_revision(revision, architecture);
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
    fn clean_tag_is_the_revision() {
        assert_eq!(for_image("abc", Architecture::X86_64, ID), "abc");
        assert_eq!(for_image("abc", Architecture::Arm64, ID), "abc-arm64");
    }

    #[test]
    fn dirty_tag_includes_image_id() {
        assert_eq!(for_image("abc-dirty", Architecture::X86_64, ID), "abc-dirty-0123456789ab");
        assert_eq!(for_image("abc-dirty", Architecture::Arm64, ID), "abc-dirty-arm64-0123456789ab");
        assert_eq!(for_image("unknown", Architecture::X86_64, ID), "unknown-0123456789ab");
    }
}
