//! The container engine in which the emulator runs tasks: this machine's Docker if it responds, or else a `dockerd`
//! that is started here and stopped with the rehearsal. Must not install anything.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::Value;

use super::{address::ADDRESS, daemon::Daemon, paths::Paths};
use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// The label that the emulator puts on every container. Its value names the emulator.
const LABEL: &str = "ministack.instance";

/// A running engine. Dropping it removes the rehearsal's containers, and stops the engine if it was started here.
#[derive(Debug)]
pub(super) struct Engine {
    socket: Socket,
    started: Option<StartedEngine>,
    /// The label's value on the rehearsal's containers. `None` once they are kept.
    instance: Option<String>,
}

/// The engine's address. `None` is the default of the environment.
#[derive(Debug, Clone)]
struct Socket(Option<String>);

#[derive(Debug)]
struct StartedEngine {
    daemon: Daemon,
    data: PathBuf,
}

impl Engine {
    /// Finds an engine or starts one.
    pub(super) async fn start(paths: &Paths, port: u16) -> anyhow::Result<Self> {
        let instance = Some(format!("{}:{port}", hostname()));
        let existing = Socket(None);
        if existing.responds() {
            return Ok(Self { socket: existing, started: None, instance });
        }
        let address = format!("unix://{}", paths.run().join("docker.sock").display());
        let data = paths.engine();
        let line = dockerd(&address, &data, paths.run());
        let mut daemon = Daemon::start("dockerd", &line, paths)
            .context("no container engine is running and none can be started")
            .hint("install Docker, on Debian the packages docker.io and iptables")
            .exit_code(Exit::Preflight)?;
        let socket = Socket(Some(address));
        daemon
            .wait_until_ready(async || socket.responds())
            .await
            .context("no container engine is running and none can be started")
            .hint("run the rehearsal as root, or start Docker and set DOCKER_HOST if it listens elsewhere")
            .exit_code(Exit::Preflight)?;
        Ok(Self { socket, started: Some(StartedEngine { daemon, data }), instance })
    }

    /// Makes a command use this engine.
    pub(super) fn with_engine(&self, line: CommandLine) -> CommandLine {
        self.socket.with_engine(line)
    }

    /// Returns the description of each running container of the rehearsal, as `docker inspect` prints it.
    pub(super) fn containers(&self) -> anyhow::Result<Vec<Value>> {
        let Some(instance) = &self.instance else { return Ok(Vec::new()) };
        let filter = format!("label={LABEL}={instance}");
        let ids = process::read(&self.socket.docker(&["ps", "--quiet", "--filter", &filter]))?;
        let inspect = self.socket.docker(&["inspect"]).args(ids.split_whitespace());
        serde_json::from_str(&process::read(&inspect)?).context("cannot read the description of the containers")
    }

    pub(super) fn describe(&self) -> &'static str {
        if self.started.is_some() { "a dockerd of the rehearsal" } else { "this machine's Docker" }
    }

    /// Keeps the engine and its containers running. Returns the process and the address of an engine that was started
    /// here.
    pub(super) fn keep_running(&mut self) -> (Option<u32>, Option<&str>) {
        self.instance = None;
        let started = self.started.take();
        (started.and_then(|mut started| started.daemon.keep_running()), self.socket.0.as_deref())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(instance) = &self.instance {
            drop(self.socket.remove_containers(instance));
        }
        if let Some(StartedEngine { daemon, data }) = self.started.take() {
            drop(daemon);
            drop(fs::remove_dir_all(data));
        }
    }
}

impl Socket {
    fn with_engine(&self, line: CommandLine) -> CommandLine {
        match &self.0 {
            Some(address) => line.env("DOCKER_HOST", address),
            None => line,
        }
    }

    fn responds(&self) -> bool {
        process::capture(&self.docker(&["version", "--format", "{{.Server.Version}}"]))
            .is_ok_and(|output| output.success)
    }

    fn remove_containers(&self, instance: &str) -> anyhow::Result<()> {
        let filter = format!("label={LABEL}={instance}");
        let ids = process::capture(&self.docker(&["ps", "--all", "--quiet", "--filter", &filter]))?.stdout;
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if !ids.is_empty() {
            process::capture(&self.docker(&["rm", "--force", "--volumes"]).args(ids))?;
        }
        Ok(())
    }

    fn docker(&self, args: &[&str]) -> CommandLine {
        self.with_engine(CommandLine::new("docker").args(args))
    }
}

/// Returns this machine's name as the emulator sees it.
fn hostname() -> String {
    sysinfo::System::host_name().unwrap_or_default()
}

/// Builds the command for an engine that leaves the firewall alone: containers reach this machine, but not the
/// internet.
fn dockerd(socket: &str, data: &Path, run: &Path) -> CommandLine {
    CommandLine::new("dockerd")
        .arg("--data-root")
        .arg(data)
        .arg("--exec-root")
        .arg(run.join("exec"))
        .arg("--pidfile")
        .arg(run.join("dockerd.pid"))
        .args(["--host", socket, "--iptables=false", "--ip6tables=false", "--host-gateway-ip", ADDRESS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn started_engine_leaves_the_firewall_alone() {
        let line = dockerd("unix:///run/x/docker.sock", Path::new("/target/engine"), Path::new("/run/x")).to_string();
        for part in ["--data-root /target/engine", "--exec-root /run/x/exec", "--iptables=false", "--ip6tables=false"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
}
