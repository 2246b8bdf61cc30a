//! A running `cargo xtask` command: waits for its steps, and ends it with Ctrl-C or SIGKILL.

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
    poll::{Check, TimedOut, poll},
    process::{self, CommandLine},
};

/// Limit for one wait on a command.
const LIMIT: Duration = Duration::from_secs(900);
const POLL: Duration = Duration::from_millis(50);

/// A running command. Dropping it kills it and the processes that it started.
#[derive(Debug)]
pub(super) struct RunningCommand {
    child: Child,
    line: String,
    log: PathBuf,
    since: Instant,
}

impl RunningCommand {
    pub(super) fn start(line: &CommandLine, log: &Path) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = process::start(line, &file)?;
        Ok(Self { child, line: line.to_string(), log: log.to_owned(), since: Instant::now() })
    }

    /// Waits until a step has started.
    pub(super) async fn wait_for_step(&mut self, step: &str) -> anyhow::Result<()> {
        let started = poll(LIMIT, POLL, async || {
            // Before the output, which is complete once the command has exited.
            let exited = self.status()?;
            let output = self.output()?;
            if outcome::objects(&output).any(|object| object["event"] == "started" && object["step"] == step) {
                return Ok(Check::Ready(()));
            }
            if let Some(exit) = exited {
                let tail = outcome::tail(&output);
                return Err(anyhow!("`{}` exited with {exit:?} before its step `{step}`\n{tail}", self.line));
            }
            Ok(Check::NotYet(format!("step `{step}` has not started")))
        });
        started.await?.map_err(|late| self.timed_out(&late))
    }

    /// Kills the command without warning, as the kernel's OOM killer would.
    pub(super) async fn kill(mut self) -> anyhow::Result<Outcome> {
        self.child.kill().with_context(|| format!("cannot kill `{}`", self.line))?;
        self.end().await
    }

    /// Interrupts the command, as Ctrl-C does.
    pub(super) async fn interrupt(self) -> anyhow::Result<Outcome> {
        if !interrupt(&self.child) {
            return Err(anyhow!("cannot interrupt `{}`", self.line));
        }
        self.end().await
    }

    /// Waits until the command exits.
    pub(super) async fn end(mut self) -> anyhow::Result<Outcome> {
        let exited = poll(LIMIT, POLL, async || {
            Ok(self.status()?.map_or_else(|| Check::not_yet("still running"), Check::Ready))
        });
        let exit = exited.await?.map_err(|late| self.timed_out(&late))?;
        let seconds = self.since.elapsed().as_secs_f64();
        Ok(Outcome { line: self.line.clone(), exit, output: self.output()?, seconds })
    }

    /// Returns `None` while the command runs, and `Some(None)` if a signal ended it.
    fn status(&mut self) -> anyhow::Result<Option<Option<i32>>> {
        let status = self.child.try_wait().with_context(|| format!("cannot wait for `{}`", self.line))?;
        Ok(status.map(|status| status.code()))
    }

    fn output(&self) -> anyhow::Result<String> {
        let output = fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    fn timed_out(&self, late: &TimedOut) -> anyhow::Error {
        anyhow!("`{}` {late}\n{}", self.line, outcome::tail(&self.output().unwrap_or_default()))
    }
}

/// Kills the descendants too: a Terraform that outlives its command would call an emulator that is gone.
impl Drop for RunningCommand {
    fn drop(&mut self) {
        let running = matches!(self.child.try_wait(), Ok(None));
        let descendants = if running { descendants(self.child.id()) } else { Vec::new() };
        drop(self.child.kill());
        drop(self.child.wait());
        for identity in descendants {
            drop(identity::request(&identity, Request::Kill));
        }
    }
}

/// Finds the children of a process, their children, and so on.
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

    fn start(script: &str, directory: &Path) -> RunningCommand {
        RunningCommand::start(&CommandLine::new("sh").args(["-c", script]), &directory.join("log")).unwrap()
    }

    #[test]
    fn step_is_seen_while_command_runs() {
        let directory = tempfile::tempdir().unwrap();
        let script = r#"echo '{"event":"started","step":"apply"}'; exec sleep 60"#;
        let ended = runtime::wait_for(async {
            let mut running = start(script, directory.path());
            running.wait_for_step("apply").await.unwrap();
            running.kill().await.unwrap()
        });
        assert_eq!(ended.unwrap().exit, None);
    }

    #[test]
    fn exit_before_the_step_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = runtime::wait_for(async { start("exit 5", directory.path()).wait_for_step("apply").await });
        assert!(error.unwrap().unwrap_err().to_string().contains("before its step `apply`"));
    }

    #[test]
    fn dropped_command_takes_descendants_along() {
        let directory = tempfile::tempdir().unwrap();
        // The pause gives the forked shell time to exec `sleep`.
        let script = r#"sleep 60 & sleep 0.2; echo '{"event":"started","step":"apply"}'; wait"#;
        let mut running = start(script, directory.path());
        runtime::wait_for(running.wait_for_step("apply")).unwrap().unwrap();
        let descendants = descendants(running.child.id());
        assert_eq!(descendants.len(), 1, "{descendants:?}");
        drop(running);
        let since = Instant::now();
        while identity::is_running(&descendants[0]).unwrap() {
            assert!(since.elapsed() < Duration::from_secs(5), "{descendants:?} still runs");
            std::thread::sleep(POLL);
        }
    }

    #[test]
    fn interrupt_reaches_the_command() {
        let directory = tempfile::tempdir().unwrap();
        let script = r#"trap 'exit 130' INT; echo '{"event":"started","step":"wait"}'; while :; do sleep 0.05; done"#;
        let ended = runtime::wait_for(async {
            let mut running = start(script, directory.path());
            running.wait_for_step("wait").await.unwrap();
            running.interrupt().await.unwrap()
        });
        assert_eq!(ended.unwrap().exit, Some(130));
    }
}
