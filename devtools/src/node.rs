//! Node.js and npm packages, installed below cargo's target directory. Changes nothing of the user's installation.

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

/// The oldest Node.js that the tools support.
const OLDEST: (u32, u32) = (22, 19);
/// The npm package with a Node.js binary, for a machine with an older one.
const NODE: (&str, &str) = ("node", "22");

/// A supported Node.js with its installed packages.
#[derive(Debug)]
pub(crate) struct Node {
    program: PathBuf,
    directory: PathBuf,
}

impl Node {
    /// Finds or installs Node.js, and installs packages of exactly these versions below the target directory.
    pub(crate) fn with_packages(target: &Path, name: &str, packages: &[(&str, &str)]) -> anyhow::Result<Self> {
        require_npm()?;
        let tools = target.join("tools");
        let program = match system_node() {
            Some(program) => program,
            None => installed_node(&tools)?,
        };
        let directory = tools.join(name);
        install(&directory, packages)?;
        Ok(Self { program, directory })
    }

    /// Returns a line that runs a script. Its home directory is beside the packages, so that it writes nothing to the
    /// user's.
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

    /// Returns the path of a file in an installed package.
    pub(crate) fn file(&self, package: &str, file: &str) -> PathBuf {
        self.directory.join("node_modules").join(package).join(file)
    }

    /// The directory from which a script finds the packages.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

fn require_npm() -> anyhow::Result<()> {
    match process::capture(&npm(["--version"])) {
        Ok(output) if output.success => Ok(()),
        _ => Err(anyhow!("cannot run npm, which installs the JavaScript tools"))
            .hint(format!("install Node.js {} or newer with npm, for example from https://nodejs.org", OLDEST.0)),
    }
}

/// The Node.js of this machine, if it is new enough.
fn system_node() -> Option<PathBuf> {
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
    Err(anyhow!("the npm package `node` has no binary at {}", program.display()))
        .hint(format!("install Node.js {}.{} or newer from https://nodejs.org", OLDEST.0, OLDEST.1))
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// Installs packages, unless exactly these are installed.
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
        .hint("check access to registry.npmjs.org")?;
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
