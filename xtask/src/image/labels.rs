//! The labels of an image. They depend on the source alone, so that images are reproducible.

use std::collections::BTreeMap;

use crate::source::Identity;

/// Labels, ordered by name.
pub(super) type Labels = BTreeMap<&'static str, String>;

/// Returns the labels for an image of this identity.
pub(super) fn for_identity(identity: &Identity) -> Labels {
    let mut labels = Labels::from([
        ("org.opencontainers.image.title", identity.package.clone()),
        ("org.opencontainers.image.revision", identity.revision.clone()),
        ("org.opencontainers.image.version", identity.version.clone()),
    ]);
    if let Some(library) = &identity.library {
        labels.insert("mcp-stateful.features", identity.features.clone());
        labels.insert("mcp-stateful.revision", library.clone());
    }
    if let Some(repository) = &identity.repository {
        labels.insert("org.opencontainers.image.source", repository.clone());
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::identity::tests::{of_cart, of_service};

    #[test]
    fn labels_name_package_and_both_revisions() {
        let labels = for_identity(&of_cart());
        assert_eq!(labels["org.opencontainers.image.title"], "cart");
        assert_eq!(labels["org.opencontainers.image.revision"], "0123456789ab");
        assert_eq!(labels["mcp-stateful.revision"], "fedcba987654");
        assert!(labels.values().all(|value| !value.is_empty()));
        assert_eq!(for_identity(&of_service("abc")).len(), 3);
    }
}
