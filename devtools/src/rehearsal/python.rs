//! The emulator's Python: a virtual environment with exactly what `rehearsal/requirements.txt` lists.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::paths::Place;
use xtask::{
    cargo,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    ui,
};

const REQUIREMENTS: &str = include_str!("../../rehearsal/requirements.txt");

/// Installs it, unless it is there; the program is what runs.
pub(super) fn install(place: &Place) -> anyhow::Result<PathBuf> {
    let directory = place.python();
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
        .context("the emulator's packages cannot be installed")
        .hint("pip needs to reach its package index, and Python 3.10 or newer")
        .exit_code(Exit::Preflight)?;
    fs::write(&done, REQUIREMENTS).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(program)
}

/// Where our part of the emulator lies.
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
