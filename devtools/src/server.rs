//! A server process that lives as long as its handle, for the conformance suite, the clients and the benchmarks.
//!
//! Builds nothing. Deployments are `local`'s.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Child,
    time::Instant,
};

use anyhow::{Context, anyhow};

use xtask::{
    local::ready::{Outcome, Watch},
    process::{self, CommandLine},
};

/// A running server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts a line that listens on a local port, and waits until `/readyz` responds.
    pub(crate) fn start(line: &CommandLine, port: u16, log: &Path) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let url = format!("http://127.0.0.1:{port}");
        let (watch, since) = (Watch::over(&url)?, Instant::now());
        let mut server = Self { child: process::start(line, &file)?, url };
        let reason = match watch.wait(&mut server.child, since)? {
            Outcome::Ready(_) => return Ok(server),
            Outcome::Exited(status) => format!("it exited: {status}"),
            Outcome::TimedOut(last) => format!("last status: {last}"),
        };
        let log = fs::read_to_string(log).unwrap_or_default();
        Err(anyhow!("`{line}` did not become ready; {reason}\n{}", log.trim_end()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn mcp_url(&self) -> String {
        format!("{}/mcp", self.url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns a line that starts the service on a port, with its store in a directory. Without a token it is open.
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

/// Creates a directory, or empties it.
pub(crate) fn fresh_directory(path: PathBuf) -> anyhow::Result<PathBuf> {
    if path.exists() {
        fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
    }
    fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(path)
}
