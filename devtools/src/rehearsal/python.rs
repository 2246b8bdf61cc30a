//! The emulator's Python: a virtual environment with exactly what `rehearsal/requirements.txt` lists.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::place::Place;
use xtask::{
    cargo,
    error::{Advice, Exit},
    shell::{self, Line},
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
    shell::run(&Line::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))
        .context("the emulator needs Python with venv")
        .hint("install Python 3.10 or newer, on Debian the packages python3 and python3-venv")
        .exits(Exit::Preflight)?;
    shell::run(&pip(&program))
        .context("the emulator's packages cannot be installed")
        .hint("pip needs to reach its package index, and Python 3.10 or newer")
        .exits(Exit::Preflight)?;
    fs::write(&done, REQUIREMENTS).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(program)
}

/// Where our part of the emulator lies.
pub(super) fn sources() -> PathBuf {
    cargo::workspace_root().join("devtools").join("rehearsal")
}

fn pip(program: &Path) -> Line {
    Line::new(program)
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
