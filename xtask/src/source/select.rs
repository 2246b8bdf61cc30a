//! Selects the package to deploy, and its executable.

use anyhow::{Context, anyhow};

use super::{LIBRARY, Workspace, metadata::Package};
use crate::{error::ErrorExt, nearest};

/// Returns the named package. Without a name it is the one in the working directory if that is a server, else this
/// repository's service, else the workspace's only server.
pub(super) fn package<'a>(workspace: &'a Workspace, name: Option<&str>) -> anyhow::Result<&'a Package> {
    let packages = &workspace.metadata.packages;
    let servers: Vec<&Package> = packages.iter().filter(|package| package.is_server()).collect();
    let names = servers.iter().map(|package| package.name.as_str());
    if let Some(name) = name {
        let found = packages.iter().find(|package| package.name == name);
        let found = found
            .with_context(|| format!("unknown package {name} in {}", workspace.root().display()))
            .hint(nearest::hint(name, names))?;
        return match found.is_server() {
            true => Ok(found),
            false => Err(anyhow!("the package {name} does not depend on {LIBRARY}"))
                .hint(format!("run `cargo add {LIBRARY}` in it, or select a package that depends on it")),
        };
    }
    let deployable = |package: &&&Package| binary(package).is_ok();
    let current = servers.iter().find(|package| package.manifest_path == workspace.current).filter(deployable);
    if let Some(package) = current.or_else(|| servers.iter().find(|package| package.name == LIBRARY)) {
        return Ok(package);
    }
    match servers.as_slice() {
        [only] => Ok(only),
        [] => Err(anyhow!("no package in {} depends on {LIBRARY}", workspace.root().display()))
            .hint(format!("run the command in the directory of your server, or `cargo add {LIBRARY}`")),
        _ => Err(anyhow!("{} servers are in {}", servers.len(), workspace.root().display()))
            .hint(format!("select one with `--package`: {}", names.collect::<Vec<_>>().join(", "))),
    }
}

/// Returns the executable of a package: its only one, or the one that its manifest names as `default-run`.
pub(super) fn binary(package: &Package) -> anyhow::Result<String> {
    let binaries: Vec<&str> = package.binaries().collect();
    match (&package.default_run, binaries.as_slice()) {
        (Some(name), _) => Ok(name.clone()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => Err(anyhow!("the package {} has no executable", package.name))
            .hint("add src/main.rs, which runs the server"),
        (None, _) => Err(anyhow!("the package {} has {} executables", package.name, binaries.len()))
            .hint(format!("name the server in [package]: default-run = \"{}\"", binaries.first().unwrap_or(&"…"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn member(name: &str, binaries: &[&str], depends: bool) -> Value {
        let targets = binaries.iter().map(|name| json!({"name": name, "kind": ["bin"]}));
        let dependency = json!({"name": LIBRARY, "kind": null, "optional": false, "uses_default_features": true});
        json!({
            "name": name, "version": "0.1.0", "manifest_path": format!("/w/{name}/Cargo.toml"), "features": {},
            "targets": targets.collect::<Vec<_>>(), "dependencies": if depends { vec![dependency] } else { vec![] },
        })
    }

    fn workspace(current: &str, packages: &[Value]) -> Workspace {
        let metadata = json!({"packages": packages, "workspace_root": "/w", "target_directory": "/w/target"});
        Workspace { metadata: serde_json::from_value(metadata).unwrap(), current: format!("/w/{current}").into() }
    }

    fn selected(workspace: &Workspace, name: Option<&str>) -> Result<String, String> {
        let found = package(workspace, name).map(|package| package.name.clone());
        found.map_err(|error| format!("{error}; {}", crate::error::hints_of(&error).join("; ")))
    }

    #[test]
    fn package_of_the_directory_comes_first() {
        let packages = [member("cart", &["cart"], true), member("meter", &["meter"], true), member("x", &["x"], false)];
        assert_eq!(selected(&workspace("meter/Cargo.toml", &packages), None), Ok("meter".to_owned()));
        let several = selected(&workspace("Cargo.toml", &packages), None).unwrap_err();
        assert!(several.contains("`--package`: cart, meter"), "{several}");
        assert_eq!(selected(&workspace("Cargo.toml", &packages[1..]), None), Ok("meter".to_owned()));
        let none = selected(&workspace("x/Cargo.toml", &packages[2..]), None).unwrap_err();
        assert!(none.contains("no package in /w depends on"), "{none}");
    }

    #[test]
    fn service_precedes_other_packages_of_its_repository() {
        let packages = [member(LIBRARY, &[LIBRARY], false), member("tools", &["one", "two"], true)];
        assert_eq!(selected(&workspace("tools/Cargo.toml", &packages), None), Ok(LIBRARY.to_owned()));
        assert_eq!(selected(&workspace("Cargo.toml", &packages), None), Ok(LIBRARY.to_owned()));
    }

    #[test]
    fn named_package_must_be_a_server() {
        let packages = [member("cart", &["cart"], true), member("x", &["x"], false)];
        let workspace = workspace("Cargo.toml", &packages);
        assert_eq!(selected(&workspace, Some("cart")), Ok("cart".to_owned()));
        assert!(selected(&workspace, Some("x")).unwrap_err().contains("does not depend on"));
        assert!(selected(&workspace, Some("carr")).unwrap_err().contains("did you mean `cart`?"));
    }

    #[test]
    fn executable_is_the_only_one_or_the_default() {
        let package = |value: Value| serde_json::from_value::<Package>(value).unwrap();
        assert_eq!(binary(&package(member("cart", &["server"], true))).unwrap(), "server");
        assert!(binary(&package(member("cart", &["one", "two"], true))).is_err());
        assert!(binary(&package(member("cart", &[], true))).is_err());
        let mut named = member("cart", &["one", "two"], true);
        named["default_run"] = "two".into();
        assert_eq!(binary(&package(named)).unwrap(), "two");
    }
}
