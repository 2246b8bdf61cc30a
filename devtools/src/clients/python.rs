//! The Python client, in a virtual environment below cargo's target directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use super::{Results, Task, run_script};
use xtask::{
    cargo,
    client::ProtocolVersion,
    error::ErrorExt,
    process::{self, CommandLine},
    ui,
};

const PACKAGE: &str = "mcp==2.3.0";

/// The virtual environment with the client.
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
        let python = system_python()?;
        process::run(&CommandLine::new(python).args(["-m", "venv", "--clear"]).arg(&directory))
            .hint("on Debian and Ubuntu, run `apt-get install python3-venv`")?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", PACKAGE];
        process::run(&CommandLine::new(&program).args(pip))
            .hint("check access to pypi.org, and that Python is 3.10 or newer")?;
        fs::write(&done, PACKAGE).with_context(|| format!("cannot write {}", done.display()))?;
        Ok(Self { program })
    }

    /// Runs the client with the static token.
    pub(crate) fn run(&self, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
        self.script("python_client.py", version, task)
    }

    /// Runs the client with a token that it obtains for the task's user.
    pub(crate) fn run_oauth(&self, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
        self.script("python_oauth.py", version, task)
    }

    fn script(&self, name: &str, version: ProtocolVersion, task: &Task) -> anyhow::Result<Results> {
        let script = cargo::workspace_root().join("devtools").join("clients").join(name);
        // -B: writes no compiled files beside the script.
        run_script(CommandLine::new(&self.program).arg("-B").arg(script), version, task)
    }
}

fn system_python() -> anyhow::Result<&'static str> {
    let works =
        |name: &&str| process::capture(&CommandLine::new(*name).arg("--version")).is_ok_and(|output| output.success);
    ["python3", "python"]
        .into_iter()
        .find(works)
        .ok_or_else(|| anyhow!("cannot run python3, which the Python client needs"))
        .hint("install Python 3.10 or newer")
}
