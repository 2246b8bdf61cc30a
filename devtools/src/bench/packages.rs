//! Installs the packages of the Python and TypeScript servers below cargo's target directory, all in pinned versions:
//! FastMCP and boto3 from PyPI, the TypeScript SDK and the AWS SDK from npm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::node::Node;
use xtask::{
    cargo,
    error::ErrorExt,
    process::{self, CommandLine},
    ui,
};

const REQUIREMENTS: &str = include_str!("../../bench/peers/requirements.txt");
const NPM: [(&str, &str); 4] = [
    ("@aws-sdk/client-dynamodb", "3.1164.0"),
    ("@modelcontextprotocol/node", "2.1.2"),
    ("@modelcontextprotocol/server", "2.4.0"),
    ("zod", "4.6.7"),
];

/// Copied into the packages' directory because Node resolves packages from a script's directory upwards.
const SCRIPT: (&str, &str) = ("typescript_server.mjs", include_str!("../../bench/peers/typescript_server.mjs"));

/// The installed packages.
#[derive(Debug)]
pub(crate) struct Packages {
    python: PathBuf,
    node: Node,
}

impl Packages {
    pub(crate) fn install(target: &Path) -> anyhow::Result<Self> {
        let node = Node::with_packages(target, "bench-typescript", &NPM)?;
        let (name, text) = SCRIPT;
        let path = node.directory().join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { python: python(&target.join("tools").join("bench-python"))?, node })
    }

    /// Builds the command for a script of `devtools/bench/peers`.
    pub(crate) fn python(&self, script: &str) -> CommandLine {
        CommandLine::new(&self.python).arg(sources().join(script)).env("PYTHONDONTWRITEBYTECODE", "1")
    }

    pub(crate) fn node(&self, script: &str) -> anyhow::Result<CommandLine> {
        self.node.script(&self.node.directory().join(script))
    }

    /// Lists the versions of interpreters and packages, for the page.
    pub(crate) fn versions(&self) -> anyhow::Result<Vec<String>> {
        let python = process::read(&CommandLine::new(&self.python).arg("--version"))?;
        let node = self.node.script(Path::new("--version")).and_then(|line| process::read(&line))?;
        let npm = NPM.iter().map(|(name, version)| format!("{name} {version}"));
        let pip = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).map(|line| line.replace("==", " "));
        Ok([python.trim().to_owned(), format!("Node {}", node.trim())].into_iter().chain(pip).chain(npm).collect())
    }
}

fn sources() -> PathBuf {
    cargo::workspace_root().join("devtools").join("bench").join("peers")
}

fn python(directory: &Path) -> anyhow::Result<PathBuf> {
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let program = directory.join(bin).join(format!("python{}", std::env::consts::EXE_SUFFIX));
    let done = directory.join("installed");
    if program.exists() && fs::read_to_string(&done).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(program);
    }
    ui::step("install", "FastMCP and boto3");
    process::run(&CommandLine::new("python3").args(["-m", "venv", "--clear"]).arg(directory))
        .hint("install Python 3.10 or newer with venv (on Debian the packages python3 and python3-venv)")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    process::run(&CommandLine::new(&program).args(pip).arg(sources().join("requirements.txt")))
        .hint("check access to PyPI, and install Python 3.10 or newer")?;
    fs::write(&done, REQUIREMENTS).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned() {
        let pip: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(pip.len() == 2 && pip.iter().all(|line| line.contains("==")), "{pip:?}");
        assert!(NPM.iter().all(|(_, version)| version.split('.').all(|part| part.parse::<u32>().is_ok())));
    }
}
