//! Finds import cycles, for the step `imports`, which permits none.
//!
//! The nodes are the module files of one package's `src`, and its folders. A folder is a top-level module, such as
//! `store` with `store.rs` and everything below `store/`. An edge is a path that begins with `crate::`, `super::` or
//! `self::`, in a `use` or in code. It leads to the file of the longest module path that it names.
//!
//! Not counted:
//! - paths between a module and its own submodules, in either direction: together they are one idea;
//! - `mod` declarations, and paths to the root (`lib.rs`, `main.rs`), which assembles the package;
//! - tests: `#[cfg(test)] mod tests` and files that are called `tests.rs` or lie in `tests/`.
//!
//! Cycles that a re-export hides are not found: `crate::a::Item` counts as a path to `a.rs`, wherever `a.rs` has it
//! from.

mod graph;
mod paths;

use anyhow::anyhow;

use self::graph::{Edge, cycles};
use crate::sources::{self, Source};
use xtask::{error::ErrorExt, ui};

/// Fails if there is an import cycle between files or between folders.
pub(crate) fn check() -> anyhow::Result<()> {
    let sources = sources::read_all()?;
    let mut found = 0;
    for package in ["devtools", "service", "xtask"] {
        let edges = file_edges(package, &sources);
        for (kind, edges) in [("files", &edges), ("folders", &folder_edges(&edges))] {
            for cycle in cycles(edges) {
                found += 1;
                ui::result(&describe(package, kind, &cycle));
            }
        }
    }
    match found {
        0 => Ok(()),
        _ => Err(anyhow!("{found} import cycles"))
            .hint("move the shared item to a module of its own, or to the side that needs the other less"),
    }
}

/// The path of a module from the root of its package, such as `["store", "notes"]`.
type Module = Vec<String>;

/// A package's files, by the modules that they define.
fn modules<'a>(package: &str, sources: &'a [Source]) -> Vec<(Module, &'a Source)> {
    let root = format!("{package}/src/");
    let module = |source: &'a Source| {
        let path = source.path.strip_prefix(&root)?.strip_suffix(".rs")?;
        let module: Module = path.split('/').map(str::to_owned).collect();
        let is_program = module.len() == 1 && matches!(path, "lib" | "main");
        let is_left_out = module[0] == "bin" || module.iter().any(|part| part == "tests");
        (!is_left_out).then(|| (if is_program { Module::new() } else { module }, source))
    };
    sources.iter().filter_map(module).collect()
}

fn file_edges(package: &str, sources: &[Source]) -> Vec<Edge> {
    let modules = modules(package, sources);
    let names: Vec<&Module> = modules.iter().map(|(module, _)| module).collect();
    let mut edges = Vec::new();
    for (from, source) in &modules {
        for (line, path) in paths::paths(&source.text) {
            let Some(to) = resolve(from, &path, &names) else { continue };
            let is_related = from.starts_with(to) || to.starts_with(from);
            if !is_related {
                let place = format!("{}:{line}", source.path);
                edges.push(Edge { from: from.join("::"), to: to.join("::"), place });
            }
        }
    }
    edges
}

/// Follows a path to the file that it leads to.
fn resolve<'a>(from: &Module, path: &[String], modules: &[&'a Module]) -> Option<&'a Module> {
    let mut target: Vec<&str> = from.iter().map(String::as_str).collect();
    for part in path {
        match part.as_str() {
            "crate" => target.clear(),
            "self" => {}
            "super" => drop(target.pop()),
            name => target.push(name),
        }
    }
    let longest =
        modules.iter().filter(|module| target.starts_with(&module.iter().map(String::as_str).collect::<Vec<_>>()));
    longest.max_by_key(|module| module.len()).copied()
}

fn folder_edges(edges: &[Edge]) -> Vec<Edge> {
    let folder = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    edges
        .iter()
        .map(|edge| Edge { from: folder(&edge.from), to: folder(&edge.to), place: edge.place.clone() })
        .filter(|edge| edge.from != edge.to)
        .collect()
}

fn describe(package: &str, kind: &str, cycle: &[&Edge]) -> String {
    let edges = cycle.iter().map(|edge| format!("\n  {} -> {}  {}", edge.from, edge.to, edge.place));
    format!("{package}, {kind}:{}", edges.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> (usize, usize) {
        let source = |(path, text): &(&str, &str)| Source { path: format!("x/src/{path}"), text: (*text).to_owned() };
        let sources: Vec<Source> = files.iter().map(source).collect();
        let edges = file_edges("x", &sources);
        (cycles(&edges).len(), cycles(&folder_edges(&edges)).len())
    }

    #[test]
    fn siblings_that_use_each_other_are_a_cycle_of_files() {
        let files = [("a.rs", "mod b; mod c;"), ("a/b.rs", "use super::c::C;"), ("a/c.rs", "use super::{b::B};")];
        assert_eq!(found(&files), (1, 0));
    }

    #[test]
    fn folders_can_have_a_cycle_that_files_have_not() {
        let files = [("a/x.rs", "use crate::b::y::Y;"), ("b/y.rs", ""), ("b/z.rs", "use crate::a::w;"), ("a/w.rs", "")];
        assert_eq!(found(&files), (0, 1));
    }

    #[test]
    fn module_and_its_submodules_are_no_cycle() {
        let files = [("a.rs", "mod b; pub use self::b::B; struct A;"), ("a/b.rs", "use super::A; use crate::a::A;")];
        assert_eq!(found(&files), (0, 0));
    }

    #[test]
    fn root_and_tests_are_not_counted() {
        let files = [
            ("lib.rs", "mod a; mod b; use crate::a::A;"),
            ("a.rs", "use crate::Root;\n#[cfg(test)]\nmod tests { use crate::b::B; }"),
            ("b.rs", "use crate::a::A;"),
            ("b/tests.rs", "use crate::a::A;"),
        ];
        assert_eq!(found(&files), (0, 0));
    }
}
