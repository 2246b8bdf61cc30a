//! The directories of a rehearsal. One is below cargo's target directory: packages, logs and scratch files. The other
//! is in `/run` because a machine can run one rehearsal at a time: records of its daemons and their sockets, whose
//! paths must be short.

use std::{
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context, anyhow};

use super::mounts;
use xtask::{
    cargo,
    error::{ErrorExt, Exit},
    lock::{self, Lock},
};

const RUN: &str = "/run/mcp-stateful-rehearsal";
const LOCK: &str = "/run/mcp-stateful-rehearsal.lock";

/// The directories, locked for one rehearsal.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    root: PathBuf,
    run: PathBuf,
    /// Held during the rehearsal because it uses fixed addresses and ports of the machine.
    _lock: Option<Rc<Lock>>,
}

impl Paths {
    /// Locks the directories. They may contain leftovers of an earlier rehearsal until [`Paths::clean`] is called.
    pub(super) fn create() -> anyhow::Result<Self> {
        require_linux()?;
        let root = cargo::target_directory()?.join("tools").join("rehearsal");
        create(Path::new(RUN))
            .hint("run the rehearsal as root: it adds an address to this machine and may start a container engine")
            .exit_code(Exit::Preflight)?;
        let lock = lock::take(Path::new(LOCK)).context("a machine can run one rehearsal at a time")?;
        let paths = Self { root, run: PathBuf::from(RUN), _lock: Some(Rc::new(lock)) };
        create(&paths.daemons())?;
        Ok(paths)
    }

    /// Empties the directories, except for installed packages. The daemons of earlier rehearsals must be stopped
    /// before.
    pub(super) fn clean(&self) -> anyhow::Result<()> {
        mounts::release(&self.engine())?;
        for directory in [self.scratch(), self.logs(), self.engine()] {
            recreate(&directory)?;
        }
        mounts::release(self.run())?;
        recreate(self.run())?;
        create(&self.daemons())
    }

    /// The directories of an emulator without engine and fixed address. It needs neither root nor the lock, and shares
    /// the installed packages with the rehearsal.
    pub(super) fn for_dynamodb() -> anyhow::Result<Self> {
        let root = cargo::target_directory()?.join("tools").join("rehearsal");
        let paths = Self { run: root.join("dynamodb"), root, _lock: None };
        for directory in [paths.daemons(), paths.logs(), paths.scratch()] {
            create(&directory)?;
        }
        Ok(paths)
    }

    #[cfg(test)]
    pub(super) fn for_test() -> (tempfile::TempDir, Self) {
        let directory = tempfile::tempdir().unwrap();
        let (root, run) = (directory.path().join("rehearsal"), directory.path().join("run"));
        let paths = Self { root, run, _lock: None };
        create(&paths.daemons()).unwrap();
        create(&paths.logs()).unwrap();
        (directory, paths)
    }

    /// The deployer's own directory (`MCP_DEPLOY_DIR`).
    pub(super) fn deployments(&self) -> PathBuf {
        self.scratch().join("deployments")
    }

    /// Files of scenarios.
    pub(super) fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// Cargo's target directory for a user's workspace. Kept, so that a second rehearsal compiles little.
    pub(super) fn own_crate_target(&self) -> PathBuf {
        self.root.join("own-crate-target")
    }

    /// The output of each command and daemon.
    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Records of running daemons, including those of another checkout's rehearsal.
    pub(super) fn daemons(&self) -> PathBuf {
        self.run.join("daemons")
    }

    /// The emulator's Python environment.
    pub(super) fn python(&self) -> PathBuf {
        self.root.join("python")
    }

    /// Images and containers of an engine that the rehearsal starts.
    pub(super) fn engine(&self) -> PathBuf {
        self.root.join("engine")
    }

    /// Sockets and pid files.
    pub(super) fn run(&self) -> &Path {
        &self.run
    }
}

fn require_linux() -> anyhow::Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    Err(anyhow!("the rehearsal needs Linux: containers must reach an address of this machine"))
        .hint("run `cargo xtask rehearse` in a Linux virtual machine, or let CI run it")
        .exit_code(Exit::Preflight)
}

fn recreate(directory: &Path) -> anyhow::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    create(directory)
}

fn create(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))
}
