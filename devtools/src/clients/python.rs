//! The Python client, in a virtual environment below cargo's target directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use super::{Era, Seen, Task, run_script};
use xtask::{
    cargo,
    error::ErrorExt,
    process::{self, CommandLine},
    ui,
};

const PACKAGE: &str = "mcp==2.3.0";

/// The environment with the package.
#[derive(Debug)]
pub(crate) struct Python {
    program: PathBuf,
}

impl Python {
    pub(crate) fn install(target: &Path) -> anyhow::Result<Self> {
        let directory = target.join("tools").join("client-python");
        let bin = if cfg!(windows) { "Scripts" } else { "bin" };
        let program = directory.join(bin).join(format!("python{}", std::env::consts::EXE_SUFFIX));
        let done = directory.join("installed");
        if program.exists() && fs::read_to_string(&done).is_ok_and(|installed| installed == PACKAGE) {
            return Ok(Self { program });
        }
        ui::step("install", PACKAGE);
        let machine = machine_python()?;
        process::run(&CommandLine::new(machine).args(["-m", "venv", "--clear"]).arg(&directory))
            .hint("on Debian and Ubuntu the package python3-venv is needed")?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", PACKAGE];
        process::run(&CommandLine::new(&program).args(pip))
            .hint("pip needs to reach its package index, and Python 3.10 or newer")?;
        fs::write(&done, PACKAGE).with_context(|| format!("cannot write {}", done.display()))?;
        Ok(Self { program })
    }

    /// With the token that everybody shares.
    pub(crate) fn run(&self, era: Era, task: &Task) -> anyhow::Result<Seen> {
        self.script("python_client.py", era, task)
    }

    /// With a token that it gets by itself, for the task's user.
    pub(crate) fn run_oauth(&self, era: Era, task: &Task) -> anyhow::Result<Seen> {
        self.script("python_oauth.py", era, task)
    }

    fn script(&self, name: &str, era: Era, task: &Task) -> anyhow::Result<Seen> {
        let script = cargo::workspace_root().join("devtools").join("clients").join(name);
        // Python would leave what it compiled of the script's own import beside it.
        run_script(CommandLine::new(&self.program).arg("-B").arg(script), era, task)
    }
}

fn machine_python() -> anyhow::Result<&'static str> {
    let works =
        |name: &&str| process::capture(&CommandLine::new(*name).arg("--version")).is_ok_and(|output| output.success);
    ["python3", "python"]
        .into_iter()
        .find(works)
        .ok_or_else(|| anyhow!("python3 cannot be run, and this needs a package for it"))
        .hint("install Python 3.10 or newer")
}
