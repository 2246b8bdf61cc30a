//! Node and npm packages for the tools that other people wrote in JavaScript. Everything goes below cargo's target
//! directory; nothing is installed for the user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use serde_json::{Map, Value, json};

use xtask::{
    environment,
    error::ErrorExt,
    process::{self, CommandLine},
    ui,
};

/// The oldest Node that the tools run on.
const OLDEST: (u32, u32) = (22, 19);
/// The npm package that brings one, where the machine's is older.
const NODE: (&str, &str) = ("node", "22");

/// A Node that is new enough, and the packages installed for it.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
    directory: PathBuf,
}

impl Node {
    /// Finds or installs Node, and installs packages of exactly these versions in a directory of the target directory.
    pub(crate) fn with_packages(target: &Path, name: &str, packages: &[(&str, &str)]) -> anyhow::Result<Self> {
        require_npm()?;
        let tools = target.join("tools");
        let program = match machine_node() {
            Some(program) => program,
            None => installed_node(&tools)?,
        };
        let directory = tools.join(name);
        install(&directory, packages)?;
        Ok(Self { program, directory })
    }

    /// A line that runs a script with this Node. What the script writes for its user goes beside the packages.
    pub(crate) fn script(&self, script: &Path) -> anyhow::Result<CommandLine> {
        let home = self.directory.join("home");
        fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
        let mut path = self.program.parent().unwrap_or(Path::new("")).as_os_str().to_owned();
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(environment::path());
        Ok(CommandLine::new(&self.program)
            .arg(script)
            .env("HOME", &home)
            .env("USERPROFILE", &home)
            .env("PATH", path)
            .env("NO_COLOR", "1"))
    }

    /// A file of an installed package.
    pub(crate) fn file(&self, package: &str, file: &str) -> PathBuf {
        self.directory.join("node_modules").join(package).join(file)
    }

    /// Where a script must lie to find the packages.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

fn require_npm() -> anyhow::Result<()> {
    match process::capture(&npm(["--version"])) {
        Ok(output) if output.success => Ok(()),
        _ => Err(anyhow!("npm cannot be run, and this needs packages from it"))
            .hint(format!("install Node {} or newer with npm, for example from nodejs.org", OLDEST.0)),
    }
}

/// The machine's own Node, if it is new enough.
fn machine_node() -> Option<PathBuf> {
    let line = CommandLine::new("node").args(["-p", "process.versions.node + ' ' + process.execPath"]);
    let output = process::capture(&line).ok()?;
    let (version, program) = output.stdout.trim().split_once(' ')?;
    (output.success && is_new_enough(version)).then(|| program.into())
}

fn installed_node(tools: &Path) -> anyhow::Result<PathBuf> {
    let directory = tools.join("node");
    install(&directory, &[NODE])?;
    let program =
        directory.join("node_modules").join("node").join("bin").join(format!("node{}", std::env::consts::EXE_SUFFIX));
    if program.exists() {
        return Ok(program);
    }
    Err(anyhow!("npm installed its package `node` without a binary at {}", program.display()))
        .hint(format!("install Node {}.{} or newer yourself", OLDEST.0, OLDEST.1))
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// Installs packages, unless exactly these are there already.
fn install(directory: &Path, packages: &[(&str, &str)]) -> anyhow::Result<()> {
    let manifest = manifest(packages);
    let done = directory.join("installed.json");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == manifest) {
        return Ok(());
    }
    let list: Vec<String> = packages.iter().map(|(name, version)| format!("{name}@{version}")).collect();
    ui::step("install", &list.join(" "));
    let write = |path: &Path| fs::write(path, &manifest).with_context(|| format!("cannot write {}", path.display()));
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    write(&directory.join("package.json"))?;
    let cache = directory.with_file_name("npm-cache");
    let line = npm(["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"])
        .directory(directory)
        .env("npm_config_cache", cache)
        .env("npm_config_update_notifier", "false");
    process::run(&line)
        .with_context(|| format!("cannot install {}", list.join(" ")))
        .hint("npm needs to reach its package index")?;
    write(&done)
}

fn manifest(packages: &[(&str, &str)]) -> String {
    let dependencies: Map<String, Value> =
        packages.iter().map(|(name, version)| ((*name).to_owned(), json!(version))).collect();
    json!({"private": true, "type": "module", "dependencies": dependencies}).to_string()
}

fn npm<const N: usize>(args: [&str; N]) -> CommandLine {
    CommandLine::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).args(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        for new in ["22.19.0", "22.20.1", "24.0.0", "100.1.0"] {
            assert!(is_new_enough(new), "{new}");
        }
        for old in ["20.20.2", "22.2.0", "9.99.0", "", "x"] {
            assert!(!is_new_enough(old), "{old}");
        }
    }

    #[test]
    fn packages_are_pinned() {
        let manifest: Value = serde_json::from_str(&manifest(&[("a", "1.2.3"), ("@b/c", "2.0.0")])).unwrap();
        assert_eq!(manifest["dependencies"], json!({"a": "1.2.3", "@b/c": "2.0.0"}));
    }
}
