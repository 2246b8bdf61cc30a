//! The tags of images. Tags are immutable, so one tag must never be given to two images.
//!
//! A tag names everything that distinguishes two images: package, features, the crate's revision and the library's.
//! This repository's service is built in one way from one revision, so its tag is that revision, as in earlier
//! versions.

use super::{Architecture, digest};
use crate::source::Identity;

/// The number of hex digits of a digest in a tag.
const DIGITS: usize = 12;
/// The longest name of a package in a tag, which has at most 128 characters.
const LONGEST_NAME: usize = 40;

/// Returns the tag for an exact identity, which is known before the build.
pub(super) fn for_identity(identity: &Identity, architecture: Architecture) -> String {
    let tag = match &identity.library {
        None => identity.revision.clone(),
        Some(library) => for_crate(identity, library),
    };
    match architecture {
        Architecture::X86_64 => tag,
        Architecture::Arm64 => format!("{tag}-arm64"),
    }
}

/// Returns the tag for an image, which is known after the build and before the compression.
pub(super) fn for_image(identity: &Identity, architecture: Architecture, id: &str) -> String {
    let tag = for_identity(identity, architecture);
    if identity.is_exact { tag } else { format!("{tag}-{}", short(id)) }
}

/// The readable part may be shortened or lack a character that tags do not permit, so a digest of all of it follows.
fn for_crate(identity: &Identity, library: &str) -> String {
    let Identity { package, features, revision, .. } = identity;
    let whole = digest::sha256(format!("{package}\n{features}\n{revision}\n{library}").as_bytes());
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = package.chars().take(LONGEST_NAME).map(|c| if fits(c) { c } else { '_' }).collect();
    let library: String = library.chars().take(LONGEST_NAME).map(|c| if fits(c) { c } else { '_' }).collect();
    format!("{name}.{revision}.mcp-{library}.{}", short(&whole))
}

fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..DIGITS).unwrap_or(hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::identity::tests::{of_cart, of_service};

    const ID: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn tag_of_the_service_is_its_revision() {
        assert_eq!(for_image(&of_service("abc"), Architecture::X86_64, ID), "abc");
        assert_eq!(for_image(&of_service("abc"), Architecture::Arm64, ID), "abc-arm64");
    }

    #[test]
    fn inexact_tag_includes_image_id() {
        let tag = |revision, architecture| for_image(&of_service(revision), architecture, ID);
        assert_eq!(tag("abc-dirty", Architecture::X86_64), "abc-dirty-0123456789ab");
        assert_eq!(tag("abc-dirty", Architecture::Arm64), "abc-dirty-arm64-0123456789ab");
        assert_eq!(tag("unknown", Architecture::X86_64), "unknown-0123456789ab");
        let outside = Identity { is_exact: false, ..of_cart() };
        assert!(for_image(&outside, Architecture::X86_64, ID).ends_with("-0123456789ab"));
    }

    #[test]
    fn every_part_of_an_identity_changes_the_tag() {
        let tag = |identity: &Identity| for_identity(identity, Architecture::X86_64);
        let cart = of_cart();
        assert!(tag(&cart).starts_with("cart.0123456789ab.mcp-fedcba987654."), "{}", tag(&cart));
        let changes: [fn(&mut Identity); 4] = [
            |identity| identity.package = "meter".to_owned(),
            |identity| identity.features = "mail".to_owned(),
            |identity| identity.revision = "1123456789ab".to_owned(),
            |identity| identity.library = Some("0.2.0".to_owned()),
        ];
        for change in changes {
            let mut other = of_cart();
            change(&mut other);
            assert_ne!(tag(&other), tag(&cart), "{other:?}");
            assert_ne!(tag(&other), tag(&of_service("0123456789ab")), "{other:?}");
        }
    }

    #[test]
    fn long_names_fit_and_stay_apart() {
        let named = |name: String| {
            let identity = Identity { package: name, revision: "0123456789ab-dirty".to_owned(), ..of_cart() };
            for_image(&Identity { is_exact: false, ..identity }, Architecture::Arm64, ID)
        };
        let (one, other) = (named("n".repeat(90)), named("n".repeat(91)));
        assert!(one.len() <= 128 && one != other, "{one}");
        assert!(named("größe".to_owned()).starts_with("gr__e."));
    }
}
