//! One of our own commands as a process: watched while it runs, ended in the ways that people and machines end processes.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use sysinfo::{Pid, ProcessesToUpdate, Signal, System};

use super::outcome::{self, Outcome};
use xtask::{
    local::identity::{self, Identity, Request},
    process::{self, CommandLine},
};

/// Longer than any command of a rehearsal takes.
const PATIENCE: Duration = Duration::from_secs(900);
const PAUSE: Duration = Duration::from_millis(50);

/// A command that runs; dropping it ends it.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    line: String,
    log: PathBuf,
    since: Instant,
}

impl Running {
    pub(super) fn start(line: &CommandLine, log: &Path) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = process::start(line, &file)?;
        Ok(Self { child, line: line.to_string(), log: log.to_owned(), since: Instant::now() })
    }

    /// Waits for a step to have started.
    pub(super) async fn started(&mut self, step: &str) -> anyhow::Result<()> {
        loop {
            let ended = self.status()?;
            let said = self.said()?;
            if outcome::objects(&said).any(|object| object["event"] == "started" && object["step"] == step) {
                return Ok(());
            }
            if let Some(exit) = ended {
                let end = outcome::end(&said);
                return Err(anyhow!("`{}` ended with {exit:?} before its step `{step}`\n{end}", self.line));
            }
            self.wait_a_little().await?;
        }
    }

    /// Ends it as the system would for want of memory: it has no say in it.
    pub(super) async fn kill(mut self) -> anyhow::Result<Outcome> {
        self.child.kill().with_context(|| format!("cannot kill `{}`", self.line))?;
        self.end().await
    }

    /// Ends it as Ctrl-C does.
    pub(super) async fn interrupt(self) -> anyhow::Result<Outcome> {
        if !interrupt(&self.child) {
            return Err(anyhow!("`{}` cannot be interrupted", self.line));
        }
        self.end().await
    }

    /// Waits for its end.
    pub(super) async fn end(mut self) -> anyhow::Result<Outcome> {
        loop {
            if let Some(exit) = self.status()? {
                let seconds = self.since.elapsed().as_secs_f64();
                return Ok(Outcome { line: self.line.clone(), exit, said: self.said()?, seconds });
            }
            self.wait_a_little().await?;
        }
    }

    /// Its exit code when it has ended; no code if by a signal.
    fn status(&mut self) -> anyhow::Result<Option<Option<i32>>> {
        let status = self.child.try_wait().with_context(|| format!("cannot wait for `{}`", self.line))?;
        Ok(status.map(|status| status.code()))
    }

    fn said(&self) -> anyhow::Result<String> {
        let said = fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    async fn wait_a_little(&self) -> anyhow::Result<()> {
        if self.since.elapsed() > PATIENCE {
            let end = outcome::end(&self.said()?);
            return Err(anyhow!("`{}` runs for more than {} s\n{end}", self.line, PATIENCE.as_secs()));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

/// With all that it started: a Terraform that goes on alone would ask for an AWS that is gone.
impl Drop for Running {
    fn drop(&mut self) {
        let below = if matches!(self.child.try_wait(), Ok(None)) { descendants(self.child.id()) } else { Vec::new() };
        drop(self.child.kill());
        drop(self.child.wait());
        for identity in below {
            drop(identity::request(&identity, Request::Kill));
        }
    }
}

/// Every process that a process started, and those that they started.
fn descendants(pid: u32) -> Vec<Identity> {
    let Ok(mut system) = System::new() else { return Vec::new() };
    system.refresh_processes(ProcessesToUpdate::All, true);
    let mut found = vec![Pid::from_u32(pid)];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = system.processes().iter().filter(|(_, process)| process.parent() == Some(parent));
        found.extend(children.map(|(pid, _)| *pid));
        next += 1;
    }
    found.iter().skip(1).filter_map(|pid| identity::identify(pid.as_u32()).ok()).collect()
}

fn interrupt(child: &Child) -> bool {
    let pid = Pid::from_u32(child.id());
    let Some(mut system) = System::new().ok() else { return false };
    system.refresh_processes(ProcessesToUpdate::Some(&[pid]), true);
    system.process(pid).and_then(|process| process.kill_with(Signal::Interrupt)).unwrap_or_default()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use xtask::runtime;

    fn running(script: &str, directory: &Path) -> Running {
        Running::start(&CommandLine::new("sh").args(["-c", script]), &directory.join("log")).unwrap()
    }

    #[test]
    fn a_step_is_seen_while_the_command_runs() {
        let directory = tempfile::tempdir().unwrap();
        let script = r#"echo '{"event":"started","step":"apply"}'; exec sleep 60"#;
        let ended = runtime::wait_for(async {
            let mut running = running(script, directory.path());
            running.started("apply").await.unwrap();
            running.kill().await.unwrap()
        });
        assert_eq!(ended.unwrap().exit, None);
    }

    #[test]
    fn a_command_that_ends_before_its_step_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = runtime::wait_for(async { running("exit 5", directory.path()).started("apply").await });
        assert!(error.unwrap().unwrap_err().to_string().contains("before its step `apply`"));
    }

    #[test]
    fn what_it_started_ends_with_it() {
        let directory = tempfile::tempdir().unwrap();
        // The pause lets the shell's copy of itself become `sleep`.
        let script = r#"sleep 60 & sleep 0.2; echo '{"event":"started","step":"apply"}'; wait"#;
        let mut running = running(script, directory.path());
        runtime::wait_for(running.started("apply")).unwrap().unwrap();
        let below = descendants(running.child.id());
        assert_eq!(below.len(), 1, "{below:?}");
        drop(running);
        let since = Instant::now();
        while identity::is_running(&below[0]).unwrap() {
            assert!(since.elapsed() < Duration::from_secs(5), "{below:?} runs on");
            std::thread::sleep(PAUSE);
        }
    }

    #[test]
    fn an_interrupt_reaches_the_command() {
        let directory = tempfile::tempdir().unwrap();
        let script = r#"trap 'exit 130' INT; echo '{"event":"started","step":"wait"}'; while :; do sleep 0.05; done"#;
        let ended = runtime::wait_for(async {
            let mut running = running(script, directory.path());
            running.started("wait").await.unwrap();
            running.interrupt().await.unwrap()
        });
        assert_eq!(ended.unwrap().exit, Some(130));
    }
}
