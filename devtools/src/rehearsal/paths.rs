//! The directories that a rehearsal uses: one below cargo's target directory for what it installs and keeps, one in `/run`
//! for what there can be one of on a machine: its servers and their sockets, whose paths may only be short.

use std::{
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context, anyhow};

use super::{daemon, mounts};
use xtask::{
    cargo,
    error::{ErrorExt, Exit},
    lock::{self, Lock},
};

const RUN: &str = "/run/mcp-stateful-rehearsal";
const LOCK: &str = "/run/mcp-stateful-rehearsal.lock";

/// Where a rehearsal keeps its files.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    root: PathBuf,
    run: PathBuf,
    /// Held while the rehearsal runs: it takes an address and ports of the machine.
    _lock: Option<Rc<Lock>>,
}

impl Place {
    /// Makes the place, without what an earlier rehearsal left in it; what was installed stays.
    pub(super) fn make() -> anyhow::Result<Self> {
        require_linux()?;
        let root = cargo::target_directory()?.join("tools").join("rehearsal");
        make(Path::new(RUN))
            .hint("run the rehearsal as root: it takes an address on this machine, and may have to start an engine")
            .exit_code(Exit::Preflight)?;
        let lock = lock::take(Path::new(LOCK)).context("one rehearsal at a time on a machine")?;
        let place = Self { root, run: PathBuf::from(RUN), _lock: Some(Rc::new(lock)) };
        make(&place.daemons())?;
        daemon::end_those_left(&place)?;
        mounts::release(&place.engine())?;
        for fresh in [place.scratch(), place.logs(), place.engine()] {
            remake(&fresh)?;
        }
        mounts::release(place.run())?;
        remake(place.run())?;
        make(&place.daemons())?;
        Ok(place)
    }

    #[cfg(test)]
    pub(super) fn for_test() -> (tempfile::TempDir, Self) {
        let directory = tempfile::tempdir().unwrap();
        let (root, run) = (directory.path().join("rehearsal"), directory.path().join("run"));
        let place = Self { root, run, _lock: None };
        make(&place.daemons()).unwrap();
        make(&place.logs()).unwrap();
        (directory, place)
    }

    /// Where the deployer keeps what it knows.
    pub(super) fn deployments(&self) -> PathBuf {
        self.scratch().join("deployments")
    }

    /// For files of scenarios.
    pub(super) fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// What was said, by whom.
    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Records of servers that run, whichever checkout's rehearsal started them.
    pub(super) fn daemons(&self) -> PathBuf {
        self.run.join("daemons")
    }

    /// The emulator's Python.
    pub(super) fn python(&self) -> PathBuf {
        self.root.join("python")
    }

    /// The images and containers of an engine of our own.
    pub(super) fn engine(&self) -> PathBuf {
        self.root.join("engine")
    }

    /// Sockets and the like.
    pub(super) fn run(&self) -> &Path {
        &self.run
    }
}

/// Says, on a machine that can never rehearse, why.
fn require_linux() -> anyhow::Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    Err(anyhow!("the rehearsal needs Linux: containers have to reach an address of this very machine"))
        .hint("run it in a virtual machine with Linux, or let CI run it")
        .exit_code(Exit::Preflight)
}

fn remake(directory: &Path) -> anyhow::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    make(directory)
}

fn make(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))
}
