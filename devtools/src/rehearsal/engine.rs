//! The container engine in which the emulator runs tasks: the machine's own Docker if that answers, else one that is started
//! here and ends with the rehearsal. Installs nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{address::ADDRESS, daemon::Daemon, paths::Place};
use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// The label that the emulator puts on every container, with the address that it serves on.
const LABEL: &str = "ministack.instance";

/// An engine that answers. Dropping it removes the rehearsal's containers, and ends it if it was started here.
#[derive(Debug)]
pub(super) struct Engine {
    socket: Socket,
    own: Option<Own>,
    /// TargetArgs containers are the rehearsal's; nothing once they are to stay.
    instance: Option<String>,
}

/// How to reach an engine: as the environment says, or here.
#[derive(Debug, Clone)]
struct Socket(Option<String>);

#[derive(Debug)]
struct Own {
    daemon: Daemon,
    data: PathBuf,
}

impl Engine {
    /// Finds one or starts one.
    pub(super) async fn start(place: &Place, port: u16) -> anyhow::Result<Self> {
        let instance = Some(format!("{}:{port}", hostname()));
        let machines = Socket(None);
        if machines.answers() {
            return Ok(Self { socket: machines, own: None, instance });
        }
        let address = format!("unix://{}", place.run().join("docker.sock").display());
        let data = place.engine();
        let line = daemon(&address, &data, place.run());
        let mut daemon = Daemon::start("dockerd", &line, place)
            .context("no container engine answers, and none can be started")
            .hint("install Docker, on Debian the packages docker.io and iptables")
            .exit_code(Exit::Preflight)?;
        let socket = Socket(Some(address));
        daemon
            .ready(async || socket.answers())
            .await
            .context("no container engine answers, and none can be started")
            .hint("run the rehearsal as root, or start Docker; DOCKER_HOST says where it is, if it is elsewhere")
            .exit_code(Exit::Preflight)?;
        Ok(Self { socket, own: Some(Own { daemon, data }), instance })
    }

    /// Gives a line the engine.
    pub(super) fn given_to(&self, line: CommandLine) -> CommandLine {
        self.socket.given_to(line)
    }

    /// The engine in words.
    pub(super) fn describe(&self) -> &'static str {
        if self.own.is_some() { "an engine of its own" } else { "this machine's Docker" }
    }

    /// Lets it and its containers run on; says its process and its address, if it was started here.
    pub(super) fn leave(&mut self) -> (Option<u32>, Option<&str>) {
        self.instance = None;
        let own = self.own.take();
        (own.and_then(|mut own| own.daemon.leave()), self.socket.0.as_deref())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(instance) = &self.instance {
            drop(self.socket.remove_containers(instance));
        }
        if let Some(Own { daemon, data }) = self.own.take() {
            drop(daemon);
            drop(fs::remove_dir_all(data));
        }
    }
}

impl Socket {
    fn given_to(&self, line: CommandLine) -> CommandLine {
        match &self.0 {
            Some(address) => line.env("DOCKER_HOST", address),
            None => line,
        }
    }

    fn answers(&self) -> bool {
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
        self.given_to(CommandLine::new("docker").args(args))
    }
}

/// The name by which the emulator knows this machine.
fn hostname() -> String {
    sysinfo::System::host_name().unwrap_or_default()
}

/// Without rules in the machine's firewall: containers and this machine reach each other, and no container the internet.
fn daemon(socket: &str, data: &Path, run: &Path) -> CommandLine {
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
    fn an_engine_of_our_own_keeps_to_its_directories_and_out_of_the_firewall() {
        let line = daemon("unix:///run/x/docker.sock", Path::new("/target/engine"), Path::new("/run/x")).to_string();
        for part in ["--data-root /target/engine", "--exec-root /run/x/exec", "--iptables=false", "--ip6tables=false"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
}
