//! A running `cargo xtask` command: waits for its steps, and ends it with Ctrl-C or SIGKILL.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use super::outcome::{self, Outcome};
use xtask::{
    poll::{Check, TimedOut, poll},
    process::{CommandLine, LogFile, ManagedProcess},
};

/// Limit for one wait on a command.
const LIMIT: Duration = Duration::from_secs(900);
const POLL: Duration = Duration::from_millis(50);

/// A running command. Dropping it kills it and the processes that it started: a Terraform that outlives its command
/// would call an emulator that is gone.
#[derive(Debug)]
pub(super) struct RunningCommand {
    process: ManagedProcess,
    line: String,
    log: PathBuf,
}

impl RunningCommand {
    pub(super) fn start(line: &CommandLine, log: &Path) -> anyhow::Result<Self> {
        let process = ManagedProcess::start(line, LogFile::create(log)?)?.with_descendants();
        Ok(Self { process, line: line.to_string(), log: log.to_owned() })
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
    pub(super) fn kill(self) -> anyhow::Result<Outcome> {
        let seconds = self.process.uptime().as_secs_f64();
        let Self { process, line, log } = self;
        process.kill()?;
        Ok(Outcome { line, exit: None, output: read(&log)?, seconds })
    }

    /// Interrupts the command, as Ctrl-C does.
    pub(super) async fn interrupt(self) -> anyhow::Result<Outcome> {
        if !self.process.interrupt()? {
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
        let seconds = self.process.uptime().as_secs_f64();
        Ok(Outcome { exit, output: self.output()?, line: self.line, seconds })
    }

    /// Returns `None` while the command runs, and `Some(None)` if a signal ended it.
    fn status(&mut self) -> anyhow::Result<Option<Option<i32>>> {
        Ok(self.process.exit_status()?.map(|status| status.code()))
    }

    fn output(&self) -> anyhow::Result<String> {
        read(&self.log)
    }

    fn timed_out(&self, late: &TimedOut) -> anyhow::Error {
        anyhow!("`{}` {late}\n{}", self.line, outcome::tail(&self.output().unwrap_or_default()))
    }
}

fn read(log: &Path) -> anyhow::Result<String> {
    let output = fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    Ok(String::from_utf8_lossy(&output).into_owned())
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
            running.kill().unwrap()
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
