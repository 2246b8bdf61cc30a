//! The one module that starts processes. A `CommandLine` is built, and tested, apart from running it.
//!
//! Must not know any particular tool. [`ManagedProcess`] is a process that ends with its handle.

#![expect(clippy::disallowed_methods, reason = "the lint directs every other module to this one")]

pub mod identity;
mod managed;

pub use managed::{Ended, LogFile, ManagedProcess, NotReady};

use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use xshell::{Cmd, Shell};

/// A command line, with its changes to the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    program: OsString,
    args: Vec<OsString>,
    set: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
    directory: Option<PathBuf>,
}

/// The result of a finished process.
#[derive(Debug)]
pub struct Output {
    /// True if it exited with 0.
    pub success: bool,
    /// Its stdout. Invalid UTF-8 is replaced.
    pub stdout: String,
    /// Its stderr. Invalid UTF-8 is replaced.
    pub stderr: String,
}

impl CommandLine {
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), args: Vec::new(), set: Vec::new(), unset: Vec::new(), directory: None }
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Removes variables of the caller. A value that the line sets itself stays, in either order.
    pub fn without_env(mut self, names: impl IntoIterator<Item = OsString>) -> Self {
        self.unset.extend(names);
        self
    }

    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Makes the line the last arguments of another program, which runs it.
    pub fn under<A: AsRef<OsStr>>(mut self, program: impl Into<OsString>, args: impl IntoIterator<Item = A>) -> Self {
        let inner = std::mem::replace(&mut self.program, program.into());
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        self.args = args.chain([inner]).chain(self.args).collect();
        self
    }

    /// Returns the value that the line sets for a variable, the last one if it does so repeatedly.
    pub fn value_of(&self, name: &str) -> Option<&OsStr> {
        self.set.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
    }
}

/// The line as typed in a shell. The environment is left out, because it holds the secrets.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program);
        write!(f, "{}", program.to_string_lossy())?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", arg.to_string_lossy()))
    }
}

/// Runs a line. Its output goes to this process's stdout and stderr.
pub fn run(line: &CommandLine) -> anyhow::Result<()> {
    with_xshell(line, |command| command.run())
}

/// Runs a line and returns its stdout. Its stderr goes to this process's stderr.
pub fn read(line: &CommandLine) -> anyhow::Result<String> {
    with_xshell(line, |command| command.read())
}

/// Runs a line and returns its output, on success and on failure.
pub fn capture(line: &CommandLine) -> anyhow::Result<Output> {
    let output = with_xshell(line, |command| command.ignore_status().output())?;
    Ok(Output {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Starts a line in this process's group.
pub fn start(line: &CommandLine, log: &File) -> anyhow::Result<Child> {
    start_with(line, log, None)
}

/// Starts a line in this process's group, with a file as its stdin.
pub fn start_with(line: &CommandLine, log: &File, input: Option<File>) -> anyhow::Result<Child> {
    spawn(command(line), line, log, log, input)
}

/// Starts a line that outlives this process: without a terminal, in a process group that Ctrl-C does not reach.
pub fn start_detached(line: &CommandLine, log: &File) -> anyhow::Result<Child> {
    let mut command = command(line);
    detach(&mut command);
    spawn(command, line, log, log, None)
}

/// Replaces this process by a line, with its exit code. Returns only if the line cannot be started.
#[cfg(unix)]
pub fn hand_over(line: &CommandLine) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command(line).exec()).with_context(|| format!("cannot start `{line}`"))
}

/// Runs a line and exits with its exit code. Returns only if the line cannot be started.
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "Windows cannot replace a process, so its exit code is passed on here")]
pub fn hand_over(line: &CommandLine) -> anyhow::Result<()> {
    let status = command(line).status().with_context(|| format!("cannot start `{line}`"))?;
    std::process::exit(status.code().unwrap_or(1))
}

fn with_xshell<T>(line: &CommandLine, run: impl FnOnce(Cmd<'_>) -> xshell::Result<T>) -> anyhow::Result<T> {
    let shell = Shell::new().context("cannot find the current directory")?;
    if let Some(directory) = &line.directory {
        shell.change_dir(directory);
    }
    let mut command = shell.cmd(&line.program).args(&line.args).quiet();
    for name in &line.unset {
        command = command.env_remove(name);
    }
    run(command.envs(line.set.iter().map(|(name, value)| (name, value)))).with_context(|| format!("`{line}` failed"))
}

/// Runs a line, passes each line of its output to a callback, and returns true if it succeeded.
///
/// The process writes to the log itself, so it can go on if this process ends. Ctrl-C in a terminal reaches it too: it
/// may finish what it is changing, and this command waits for that. A lock that it gets as its stdin is held until it
/// has ended.
pub(crate) async fn follow(
    line: &CommandLine,
    log: &Path,
    lock: Option<File>,
    on_line: impl FnMut(&str),
) -> anyhow::Result<bool> {
    follow_to(line, log, None, lock, on_line).await
}

/// Like [`follow`], for a process whose stdout is data. A file of its own receives it, and the log only what is on
/// stderr.
pub(crate) async fn follow_with_output(
    line: &CommandLine,
    log: &Path,
    output: &Path,
    on_line: impl FnMut(&str),
) -> anyhow::Result<bool> {
    let stdout = File::create(output).with_context(|| format!("cannot write {}", output.display()))?;
    follow_to(line, log, Some(stdout), None, on_line).await
}

async fn follow_to(
    line: &CommandLine,
    log: &Path,
    stdout: Option<File>,
    lock: Option<File>,
    mut on_line: impl FnMut(&str),
) -> anyhow::Result<bool> {
    let opened = File::options().append(true).create(true).open(log);
    let file = opened.with_context(|| format!("cannot write {}", log.display()))?;
    let mut output = File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
    output.seek(SeekFrom::End(0)).with_context(|| format!("cannot read {}", log.display()))?;
    let mut child = Finishing(spawn(command(line), line, stdout.as_ref().unwrap_or(&file), &file, lock)?);
    let mut rest = Vec::new();
    loop {
        let ended = child.0.try_wait().with_context(|| format!("cannot wait for `{line}`"))?;
        output.read_to_end(&mut rest).with_context(|| format!("cannot read {}", log.display()))?;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let whole: Vec<u8> = rest.drain(..=end).collect();
            on_line(String::from_utf8_lossy(&whole).trim_end());
        }
        if let Some(status) = ended {
            return Ok(status.success());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A process whose end is awaited also if this command is interrupted.
struct Finishing(Child);

impl Drop for Finishing {
    fn drop(&mut self) {
        drop(self.0.wait());
    }
}

fn command(line: &CommandLine) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.args);
    for name in &line.unset {
        command.env_remove(name);
    }
    command.envs(line.set.iter().map(|(name, value)| (name, value)));
    if let Some(directory) = &line.directory {
        command.current_dir(directory);
    }
    command
}

fn spawn(
    mut command: Command,
    line: &CommandLine,
    stdout: &File,
    stderr: &File,
    input: Option<File>,
) -> anyhow::Result<Child> {
    let stdout = stdout.try_clone().context("cannot share the log file")?;
    let stderr = stderr.try_clone().context("cannot share the log file")?;
    command.stdin(input.map_or_else(Stdio::null, Stdio::from)).stdout(stdout).stderr(stderr);
    command.spawn().with_context(|| format!("cannot start `{line}`"))
}

#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const DETACHED_PROCESS: u32 = 0x0000_0008;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_hides_its_environment() {
        let line = CommandLine::new("/usr/bin/tool").arg("--flag").args(["a", "b"]).env("SECRET", "hidden");
        assert_eq!(line.to_string(), "tool --flag a b");
        assert_eq!(line.value_of("SECRET"), Some(OsStr::new("hidden")));
    }

    #[cfg(unix)]
    #[test]
    fn set_variable_survives_its_removal() {
        let directory = tempfile::tempdir().unwrap();
        let line = CommandLine::new("sh").args(["-c", "echo \"$NAME$HOME\""]).env("NAME", "set");
        let line = line.without_env(["NAME".into(), "HOME".into()]);
        assert_eq!(read(&line).unwrap(), "set");
        let path = directory.path().join("log");
        let mut child = start(&line, &File::create(&path).unwrap()).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "set\n");
    }

    #[test]
    fn wrapped_line_keeps_arguments_and_environment() {
        let line = CommandLine::new("/usr/bin/tool").arg("--flag").env("NAME", "value").under("watch", ["-n", "1"]);
        assert_eq!(line.to_string(), "watch -n 1 /usr/bin/tool --flag");
        assert_eq!(line.value_of("NAME"), Some(OsStr::new("value")));
    }

    #[test]
    fn capture_returns_the_output_of_a_failure() {
        let output = capture(&CommandLine::new(crate::environment::cargo()).arg("no-such-command")).unwrap();
        assert!(!output.success);
        assert!(!output.stderr.is_empty());
    }
}
