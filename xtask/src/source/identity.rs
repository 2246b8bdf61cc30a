//! The identity of an image: package, features and the revisions of the crate and the library. Two builds that could
//! differ never share it.

use std::path::Path;

use super::{LIBRARY, Source, library::Library, lock_file};
use crate::{git, revision};

/// The package that an image is built from, and the exact state of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(crate) package: String,
    pub(crate) version: String,
    /// The features, as [`super::features::ImageFeatures::label`] names them.
    pub(crate) features: String,
    /// Git's revision of the crate. May be `-dirty` or `unknown`.
    pub revision: String,
    /// The revision of the library. `None` for the library's own package, whose revision is the one above.
    pub(crate) library: Option<String>,
    /// Everything that a build reads is committed, so the identity names exactly one source.
    pub(crate) is_exact: bool,
    /// The address of the source, if the manifest names one.
    pub(crate) repository: Option<String>,
    /// The time of the commit in seconds since 1970, or 0 for a source that is not committed.
    pub(crate) committed_at: u64,
}

impl Identity {
    pub(super) fn of(source: &Source) -> Self {
        let root = source.root();
        let revision = revision::of_workspace(root);
        let locked = lock_file::read(root);
        let dependency = source.package.library();
        let library = (!source.is_service())
            .then(|| Library::find(&locked, dependency.and_then(|library| library.path.as_deref())));
        let members: Vec<&str> =
            source.workspace.metadata.packages.iter().map(|package| package.name.as_str()).collect();
        // Git does not say whether a package outside of the workspace has changed.
        let is_outside = |package: &&lock_file::Locked| {
            package.source.is_none() && package.name != LIBRARY && !members.contains(&package.name.as_str())
        };
        let is_exact = revision::is_clean(&revision)
            && library.as_ref().is_none_or(Library::is_exact)
            && !locked.iter().any(|package| is_outside(&package));
        Self {
            package: source.package.name.clone(),
            version: source.package.version.clone(),
            features: source.image_features().label(),
            library: library.map(|library| library.revision().to_owned()),
            is_exact,
            repository: source.package.repository.clone().filter(|repository| !repository.is_empty()),
            committed_at: if is_exact { committed_at(root) } else { 0 },
            revision,
        }
    }

    /// Describes the source in a line, such as `cart 0.3.0, revision 0123456789ab, mcp-stateful fedcba987654`.
    pub(crate) fn describe(&self) -> String {
        let library = self.library.as_ref().map(|library| format!(", {LIBRARY} {library}")).unwrap_or_default();
        format!("{} {}, revision {}{library}", self.package, self.version, self.revision)
    }
}

fn committed_at(root: &Path) -> u64 {
    git::read(root, &["log", "-1", "--format=%ct"]).and_then(|seconds| seconds.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{fs, process::Command};

    use serde_json::json;

    use super::*;
    use crate::source::{
        Workspace,
        tests::{cart, example},
    };

    /// The identity of a crate that depends on the library.
    pub(crate) fn of_cart() -> Identity {
        Identity {
            package: "cart".to_owned(),
            version: "0.3.0".to_owned(),
            features: "none".to_owned(),
            revision: "0123456789ab".to_owned(),
            library: Some("fedcba987654".to_owned()),
            is_exact: true,
            repository: None,
            committed_at: 1,
        }
    }

    /// The identity of this repository's service at a revision.
    pub(crate) fn of_service(revision: &str) -> Identity {
        let is_exact = revision::is_clean(revision);
        Identity {
            package: LIBRARY.to_owned(),
            version: "0.1.0".to_owned(),
            revision: revision.to_owned(),
            library: None,
            is_exact,
            committed_at: u64::from(is_exact),
            ..of_cart()
        }
    }

    #[expect(clippy::disallowed_methods, reason = "prepares a repository")]
    fn git(directory: &Path, args: &[&str]) {
        let who = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
        let done = Command::new("git").args(who).args(args).current_dir(directory).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// A committed crate whose lock file has these packages, at the library's version 0.2.0 of a registry.
    fn committed(locked: &str) -> (tempfile::TempDir, Source) {
        let directory = tempfile::tempdir().unwrap();
        let lock = format!(
            "[[package]]\nname = \"cart\"\nversion = \"0.3.0\"\n[[package]]\nname = \"mcp-stateful\"\nversion = \
             \"0.2.0\"\nsource = \"registry+https://example.com\"\n{locked}"
        );
        fs::write(directory.path().join("Cargo.lock"), lock).unwrap();
        git(directory.path(), &["init", "--quiet"]);
        git(directory.path(), &["add", "."]);
        git(directory.path(), &["commit", "--quiet", "--message", "x"]);
        let metadata = json!({
            "packages": [cart()], "workspace_root": directory.path(), "target_directory": "/target",
        });
        let workspace = Workspace {
            metadata: serde_json::from_value(metadata).unwrap(),
            current: "/projects/cart/Cargo.toml".into(),
        };
        let source = workspace.package(None).unwrap();
        (directory, source)
    }

    #[test]
    fn committed_crate_is_exact_until_a_file_changes() {
        let (directory, source) = committed("");
        let identity = source.identity();
        assert!(identity.is_exact && identity.committed_at > 0, "{identity:?}");
        assert_eq!((identity.library.as_deref(), identity.features.as_str()), (Some("0.2.0"), "mail"));
        fs::write(directory.path().join("new.rs"), "").unwrap();
        let changed = source.identity();
        assert!(!changed.is_exact && changed.revision.ends_with("-dirty"), "{changed:?}");
        assert_eq!(changed.committed_at, 0);
    }

    #[test]
    fn package_outside_of_the_workspace_is_not_exact() {
        let (_directory, source) = committed("[[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n");
        let identity = source.identity();
        assert!(!identity.is_exact && !identity.revision.ends_with("-dirty"), "{identity:?}");
    }

    #[test]
    fn crate_without_git_is_not_exact() {
        let identity = example(&cart()).identity();
        assert_eq!((identity.revision.as_str(), identity.is_exact), ("unknown", false));
        assert_eq!(identity.describe(), "cart 0.3.0, revision unknown, mcp-stateful unknown");
    }
}
