//! A server that is killed when its handle is dropped: conformance and the clients run against it.
//!
//! Builds nothing, and runs the command line that it is given. Deployments are `xtask::local`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use xtask::{
    local::ready::Watch,
    process::{CommandLine, LogFile, ManagedProcess},
    runtime,
};

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    process: ManagedProcess,
    url: String,
}

impl Server {
    /// Starts a line that serves on a port of this machine, and waits until its `/readyz` is ready.
    pub(crate) fn start(line: &CommandLine, port: u16, log: &Path) -> anyhow::Result<Self> {
        let url = format!("http://127.0.0.1:{port}");
        let watch = Watch::new(&url)?;
        let mut process = ManagedProcess::start(line, LogFile::create(log)?)?;
        runtime::wait_for(watch.ready(&mut process))??;
        Ok(Self { process, url })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(crate) fn mcp_url(&self) -> String {
        format!("{}/mcp", self.url)
    }
}

/// The command line of the service on a port, with its store in a directory. Without a token it is open.
pub(crate) fn service(binary: &Path, port: u16, directory: &Path, token: Option<&str>) -> CommandLine {
    let line = CommandLine::new(binary)
        .env("MCP_HOST", "127.0.0.1")
        .env("MCP_PORT", port.to_string())
        .env("MCP_METRICS_PORT", "off")
        .env("MCP_STATE_BACKEND", "embedded")
        .env("MCP_STATE_PATH", directory.join("notes.db"));
    match token {
        Some(token) => line.env("MCP_AUTH_TOKEN", token),
        None => line.without_env(["MCP_AUTH_TOKEN".into()]),
    }
}

/// Creates an empty directory, deleting an old one.
pub(crate) fn fresh_directory(path: PathBuf) -> anyhow::Result<PathBuf> {
    if path.exists() {
        fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
    }
    fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(path)
}
