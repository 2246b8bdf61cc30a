//! A workspace of two servers that depend on this repository's library, in a directory of its own and with a repository
//! of its own: the project of a user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use xtask::{
    cargo, environment,
    process::{self, CommandLine},
};

/// The packages and their programs.
const PACKAGES: [(&str, &str); 2] = [
    ("adder", include_str!("../../rehearsal/own-crate/adder.rs")),
    ("counter", include_str!("../../rehearsal/own-crate/counter.rs")),
];

/// A user's workspace. The packages are committed.
#[derive(Debug)]
pub(super) struct OwnCrate {
    directory: PathBuf,
}

impl OwnCrate {
    /// Writes the workspace into a directory that does not exist.
    pub(super) fn write(directory: &Path) -> anyhow::Result<Self> {
        let library = cargo::workspace_root().join("service");
        write(&directory.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"adder\", \"counter\"]\n")?;
        for (name, program) in PACKAGES {
            write(&directory.join(name).join("Cargo.toml"), &manifest(name, &library))?;
            write(&directory.join(name).join("src").join("main.rs"), program)?;
        }
        write(&directory.join(".gitignore"), "/target\n")?;
        // The versions that this machine has. Cargo removes those that the workspace does not need.
        let lock = directory.join("Cargo.lock");
        fs::copy(cargo::workspace_root().join("Cargo.lock"), &lock)
            .with_context(|| format!("cannot write {}", lock.display()))?;
        let metadata = ["metadata", "--offline", "--format-version", "1"];
        let line = CommandLine::new(environment::cargo()).args(metadata).directory(directory);
        process::read(&line).context("cannot lock the workspace's dependencies")?;
        for args in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "--message", "Add two servers"]] {
            git(directory, args)?;
        }
        Ok(Self { directory: directory.to_owned() })
    }

    /// Runs a line in the directory of a package.
    pub(super) fn in_package(&self, line: CommandLine, name: &str) -> CommandLine {
        line.directory(self.directory.join(name))
    }

    /// Fails if a command has written to the workspace.
    pub(super) fn check_unchanged(&self) -> anyhow::Result<()> {
        let changes = git(&self.directory, &["status", "--porcelain"])?;
        if changes.is_empty() { Ok(()) } else { Err(anyhow!("the deployer changed the user's sources:\n{changes}")) }
    }
}

fn manifest(name: &str, library: &Path) -> String {
    format!(
        r#"[package]
name = "{name}"
version = "0.3.0"
edition = "2024"

[features]
default = ["embedded"]
embedded = ["mcp-stateful/embedded"]

[dependencies]
mcp-stateful = {{ path = {library:?}, default-features = false }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}
"#
    )
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn git(directory: &Path, args: &[&str]) -> anyhow::Result<String> {
    let author = ["-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.com"];
    process::read(&CommandLine::new("git").args(author).args(args).directory(directory))
}
