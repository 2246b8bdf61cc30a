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

/// Packages from PyPI: their names for a report, and the file that pins them.
struct Requirements {
    names: &'static str,
    file: &'static str,
    text: &'static str,
}

const COMPARED: Requirements = Requirements {
    names: "FastMCP and boto3",
    file: "requirements.txt",
    text: include_str!("../../bench/peers/requirements.txt"),
};
const WITH_STATE: Requirements = Requirements {
    names: "FastMCP and its store in DynamoDB",
    file: "state-requirements.txt",
    text: include_str!("../../bench/peers/state-requirements.txt"),
};
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
        let python = python(&target.join("tools").join("bench-python"), &COMPARED)?;
        Ok(Self { python, node })
    }

    /// Builds the command for a script of `devtools/bench/peers`.
    pub(crate) fn python(&self, script: &str) -> CommandLine {
        self::script(&self.python, script)
    }

    pub(crate) fn node(&self, script: &str) -> anyhow::Result<CommandLine> {
        self.node.script(&self.node.directory().join(script))
    }

    /// Lists the versions of interpreters and packages, for the page.
    pub(crate) fn versions(&self) -> anyhow::Result<Vec<String>> {
        let python = process::read(&CommandLine::new(&self.python).arg("--version"))?;
        let node = self.node.script(Path::new("--version")).and_then(|line| process::read(&line))?;
        let npm = NPM.iter().map(|(name, version)| format!("{name} {version}"));
        let pip = COMPARED.text.lines().filter(|line| !line.starts_with('#')).map(|line| line.replace("==", " "));
        Ok([python.trim().to_owned(), format!("Node {}", node.trim())].into_iter().chain(pip).chain(npm).collect())
    }
}

fn sources() -> PathBuf {
    cargo::workspace_root().join("devtools").join("bench").join("peers")
}

/// Installs FastMCP with its store in DynamoDB. Returns the Python that has it.
pub(crate) fn fastmcp_with_state(target: &Path) -> anyhow::Result<PathBuf> {
    python(&target.join("tools").join("fastmcp-state"), &WITH_STATE)
}

/// Builds the command for a script of `devtools/bench/peers`.
pub(crate) fn script(python: &Path, script: &str) -> CommandLine {
    CommandLine::new(python).arg(sources().join(script)).env("PYTHONDONTWRITEBYTECODE", "1")
}

fn python(directory: &Path, requirements: &Requirements) -> anyhow::Result<PathBuf> {
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let program = directory.join(bin).join(format!("python{}", std::env::consts::EXE_SUFFIX));
    let done = directory.join("installed");
    if program.exists() && fs::read_to_string(&done).is_ok_and(|installed| installed == requirements.text) {
        return Ok(program);
    }
    ui::step("install", requirements.names);
    process::run(&CommandLine::new("python3").args(["-m", "venv", "--clear"]).arg(directory))
        .hint("install Python 3.10 or newer with venv (on Debian the packages python3 and python3-venv)")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    process::run(&CommandLine::new(&program).args(pip).arg(sources().join(requirements.file)))
        .hint("check access to PyPI, and install Python 3.10 or newer")?;
    fs::write(&done, requirements.text).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned() {
        for requirements in [COMPARED, WITH_STATE] {
            let pip: Vec<&str> = requirements.text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(pip.len() == 2 && pip.iter().all(|line| line.contains("==")), "{pip:?}");
        }
        assert!(NPM.iter().all(|(_, version)| version.split('.').all(|part| part.parse::<u32>().is_ok())));
    }
}
