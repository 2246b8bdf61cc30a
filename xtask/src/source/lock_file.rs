//! `Cargo.lock`: the version of the library that a build uses, and the packages that are not in the workspace.

use std::{fs, path::Path};

use toml::Table;

/// The file's name.
pub(super) const NAME: &str = "Cargo.lock";

/// A locked package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Locked {
    pub(super) name: String,
    pub(super) version: String,
    /// The registry or repository. `None` for a package on a path.
    pub(super) source: Option<String>,
}

/// Reads the packages. Empty without a readable file.
pub(super) fn read(root: &Path) -> Vec<Locked> {
    fs::read_to_string(root.join(NAME)).map(|text| parse(&text)).unwrap_or_default()
}

fn parse(text: &str) -> Vec<Locked> {
    let table: Table = text.parse().unwrap_or_default();
    let packages = table.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    packages
        .filter_map(|package| {
            Some(Locked {
                name: text(package, "name")?,
                version: text(package, "version")?,
                source: text(package, "source"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_their_sources() {
        let text = "version = 4\n[[package]]\nname = \"cart\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \
                    \"mcp-stateful\"\nversion = \"0.2.0\"\nsource = \"registry+https://example.com/index\"\n";
        let packages = parse(text);
        assert_eq!(packages.len(), 2);
        assert_eq!((packages[0].name.as_str(), &packages[0].source), ("cart", &None));
        assert_eq!(packages[1].source.as_deref(), Some("registry+https://example.com/index"));
        assert_eq!(parse("not toml ["), []);
    }
}
