//! The revision of the library that a crate is built with.

use std::path::Path;

use super::{LIBRARY, lock_file::Locked};
use crate::revision;

/// The length of a commit in a tag, as in the crate's own revision.
const DIGITS: usize = 12;

/// The place that a build takes the library from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Library {
    /// A version of a registry, which never changes.
    Version(String),
    /// A commit of a git repository.
    Commit(String),
    /// The revision of the checkout that a path leads to. May be `-dirty` or `unknown`.
    Checkout(String),
    /// No lock file names it.
    Unknown,
}

impl Library {
    /// Finds the library among the locked packages. `path` is the directory that the manifest names, if it does.
    pub(super) fn find(locked: &[Locked], path: Option<&Path>) -> Self {
        if let Some(path) = path {
            return Self::Checkout(revision::of_package(path));
        }
        match locked.iter().find(|package| package.name == LIBRARY) {
            Some(Locked { version, source: Some(source), .. }) => Self::from_source(source, version),
            // Another path dependency brings it, so its directory is not known here.
            Some(Locked { source: None, .. }) => Self::Checkout(revision::UNKNOWN.to_owned()),
            None => Self::Unknown,
        }
    }

    fn from_source(source: &str, version: &str) -> Self {
        match source.strip_prefix("git+").and_then(|git| git.rsplit_once('#')) {
            Some((_, commit)) => Self::Commit(commit.get(..DIGITS).unwrap_or(commit).to_owned()),
            None => Self::Version(version.to_owned()),
        }
    }

    /// The revision as it stands in tags and labels.
    pub(super) fn revision(&self) -> &str {
        match self {
            Self::Version(text) | Self::Commit(text) | Self::Checkout(text) => text,
            Self::Unknown => revision::UNKNOWN,
        }
    }

    /// Returns true if the revision names exactly one source.
    pub(super) fn is_exact(&self) -> bool {
        match self {
            Self::Version(_) | Self::Commit(_) => true,
            Self::Checkout(revision) => revision::is_clean(revision),
            Self::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: Option<&str>) -> Library {
        let locked =
            Locked { name: LIBRARY.to_owned(), version: "0.2.0".to_owned(), source: source.map(str::to_owned) };
        Library::find(&[locked], None)
    }

    #[test]
    fn commit_and_version_are_exact() {
        let commit = found(Some("git+https://example.com/x?branch=main#0123456789abcdef0123456789abcdef01234567"));
        assert_eq!((commit.revision(), commit.is_exact()), ("0123456789ab", true));
        let version = found(Some("registry+https://github.com/rust-lang/crates.io-index"));
        assert_eq!((version.revision(), version.is_exact()), ("0.2.0", true));
    }

    #[test]
    fn library_that_nothing_names_is_not_exact() {
        assert!(!found(None).is_exact());
        assert!(!Library::find(&[], None).is_exact());
        let outside = tempfile::tempdir().unwrap();
        assert!(!Library::find(&[], Some(outside.path())).is_exact());
    }
}
