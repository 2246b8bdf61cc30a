//! The emulator's Python: a virtual environment with the packages of `devtools/rehearsal/requirements.txt`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::paths::Paths;
use xtask::{
    cargo,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    ui,
};

const REQUIREMENTS: &str = include_str!("../../rehearsal/requirements.txt");

/// Installs the packages unless they are up to date. Returns the path of the interpreter.
pub(super) fn install(paths: &Paths) -> anyhow::Result<PathBuf> {
    let directory = paths.python();
    let program = directory.join("bin").join("python");
    let done = directory.join("installed");
    if program.exists() && fs::read_to_string(&done).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(program);
    }
    ui::step("install", "the emulator's packages");
    process::run(&CommandLine::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))
        .context("the emulator needs Python with venv")
        .hint("install Python 3.10 or newer, on Debian the packages python3 and python3-venv")
        .exit_code(Exit::Preflight)?;
    process::run(&pip(&program))
        .context("cannot install the emulator's packages")
        .hint("check access to PyPI, and install Python 3.10 or newer")
        .exit_code(Exit::Preflight)?;
    fs::write(&done, REQUIREMENTS).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(program)
}

/// The directory that contains the package `emulator`.
pub(super) fn sources() -> PathBuf {
    cargo::workspace_root().join("devtools").join("rehearsal")
}

fn pip(program: &Path) -> CommandLine {
    CommandLine::new(program)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--requirement"])
        .arg(sources().join("requirements.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned() {
        let packages: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(packages.iter().any(|line| line.starts_with("ministack==")));
        assert!(packages.iter().all(|line| line.contains("==")), "{packages:?}");
    }
}
