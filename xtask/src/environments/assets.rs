//! `[image]`: the files of tools that the image contains.

use std::path::{Component, Path};

use toml::Table;

use super::Found;
use crate::nearest;

const ASSETS: &str = "assets";

pub(super) fn parse(table: &Table, found: &mut Found<'_>) -> Vec<String> {
    let mut assets = Vec::new();
    for (name, value) in table {
        if name != ASSETS {
            found.unknown(name, &nearest::hint(name, [ASSETS]));
            continue;
        }
        let paths = value.as_array().map(|paths| paths.iter().map(|path| path.as_str()).collect::<Option<Vec<_>>>());
        let Some(Some(paths)) = paths else {
            found.add("invalid assets: expected a list of paths", "write assets = [\"prompts\", \"data/cities.csv\"]");
            continue;
        };
        for path in paths {
            if let Some((what, fix)) = problem(found.root, path) {
                found.add(format!("invalid asset {path}: {what}"), fix);
            } else {
                assets.push(path.trim_end_matches('/').to_owned());
            }
        }
    }
    assets.sort();
    assets.dedup();
    assets
}

fn problem(root: &Path, path: &str) -> Option<(&'static str, String)> {
    let is_below = !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !is_below || path.contains('\\') {
        let fix = "name a file or a directory of the project by its path from there, such as prompts";
        return Some(("expected a path inside of the project", fix.to_owned()));
    }
    let file = root.join(path);
    (!file.exists()).then(|| ("it does not exist", format!("create {}, or remove it from assets", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::workspace_root;

    #[test]
    fn only_paths_of_the_project_are_assets() {
        for bad in ["", "/etc/passwd", "../secret", "infra/../../x", "./infra", "a\\b", "no-such-file"] {
            assert!(problem(workspace_root(), bad).is_some(), "{bad}");
        }
        for good in ["infra", "infra/", "infra/README.md"] {
            assert_eq!(problem(workspace_root(), good), None, "{good}");
        }
    }
}
