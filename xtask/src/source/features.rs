//! The features of an image.
//!
//! A task's disk is lost with the task and its credentials come from its role, so the image leaves out the embedded
//! store and the credentials of a developer's machine: the features `embedded` and `sso`. All other default features
//! stay.

use super::{LIBRARY, metadata::Package};

/// The features that an image leaves out.
const LEFT_OUT: [&str; 2] = ["embedded", "sso"];

/// The features of a package's image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ImageFeatures {
    /// The features in place of the defaults. `None` keeps the defaults, because the package cannot leave anything out.
    kept: Option<Vec<String>>,
    /// The embedded store is compiled into the image.
    embeds_store: bool,
}

impl ImageFeatures {
    pub(super) fn of(package: &Package) -> Self {
        let defaults = package.features.get("default").map(Vec::as_slice).unwrap_or_default();
        let can_leave_out = defaults.iter().any(|feature| LEFT_OUT.contains(&feature.as_str()));
        let kept = can_leave_out.then(|| {
            defaults.iter().filter(|feature| !LEFT_OUT.contains(&feature.as_str())).cloned().collect::<Vec<_>>()
        });
        let dependency = package.library();
        let from_dependency = dependency
            .is_some_and(|library| library.uses_default_features || library.features.iter().any(|f| f == "embedded"));
        let turns_on = format!("{LIBRARY}/embedded");
        let active = kept.as_deref().unwrap_or(defaults);
        let from_feature = active
            .iter()
            .filter_map(|feature| package.features.get(feature))
            .chain([&active.to_vec()])
            .any(|enabled| enabled.contains(&turns_on));
        Self { kept, embeds_store: from_dependency || from_feature }
    }

    /// The arguments of cargo that select them.
    pub(crate) fn args(&self) -> Vec<String> {
        match self.kept.as_deref() {
            None => Vec::new(),
            Some([]) => vec!["--no-default-features".to_owned()],
            Some(kept) => vec!["--no-default-features".to_owned(), "--features".to_owned(), kept.join(",")],
        }
    }

    /// A name for them that labels and tags contain.
    pub(crate) fn label(&self) -> String {
        match self.kept.as_deref() {
            None => "default".to_owned(),
            Some([]) => "none".to_owned(),
            Some(kept) => kept.join(","),
        }
    }

    /// Describes the cost of an embedded store in the image, and how to leave it out. `None` if it is left out.
    pub(crate) fn warning(&self) -> Option<String> {
        self.embeds_store.then(|| {
            format!(
                "the image contains the embedded store, which no task uses: SQLite makes its build longer and its binary \
                 larger; to leave it out, depend on {LIBRARY} with default-features = false and declare the features \
                 default = [\"embedded\"] and embedded = [\"{LIBRARY}/embedded\"]"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::source::tests::cart;

    fn features(package: Value) -> ImageFeatures {
        ImageFeatures::of(&serde_json::from_value(package).unwrap())
    }

    #[test]
    fn other_default_features_stay() {
        let features = features(cart());
        assert_eq!(features.args(), ["--no-default-features", "--features", "mail"]);
        assert_eq!((features.label().as_str(), features.warning()), ("mail", None));
    }

    #[test]
    fn store_alone_leaves_no_feature() {
        let mut package = cart();
        package["features"]["default"] = json!(["embedded"]);
        let features = features(package);
        assert_eq!(features.args(), ["--no-default-features"]);
        assert_eq!((features.label().as_str(), features.warning()), ("none", None));
    }

    #[test]
    fn crate_that_cannot_leave_the_store_out_is_told_its_cost() {
        let mut package = cart();
        package["features"] = json!({});
        package["dependencies"][0]["uses_default_features"] = true.into();
        let plain = features(package.clone());
        assert_eq!((plain.args(), plain.label().as_str()), (vec![], "default"));
        assert!(plain.warning().unwrap().contains("default-features = false"));

        // The feature is there, but the dependency still brings the store.
        package["features"] = cart()["features"].clone();
        assert!(features(package.clone()).warning().is_some());

        // The store is named in the defaults themselves, so leaving out a feature of its own is impossible.
        package["dependencies"][0]["uses_default_features"] = false.into();
        package["features"] = json!({"default": ["mcp-stateful/embedded"]});
        assert!(features(package).warning().is_some());
    }
}
