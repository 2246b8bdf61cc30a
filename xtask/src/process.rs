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

/// A command line, with what it changes in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    program: OsString,
    args: Vec<OsString>,
    set: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
    directory: Option<PathBuf>,
}

/// What a finished process left behind.
#[derive(Debug)]
pub struct Output {
    /// Whether it exited with 0.
    pub success: bool,
    /// Its stdout, with what is not UTF-8 replaced.
    pub stdout: String,
    /// Its stderr, likewise.
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

    pub fn without_env(mut self, names: impl IntoIterator<Item = OsString>) -> Self {
        self.unset.extend(names);
        self
    }

    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The same line as the last arguments of another program, which runs it.
    pub fn under<A: AsRef<OsStr>>(mut self, program: impl Into<OsString>, args: impl IntoIterator<Item = A>) -> Self {
        let inner = std::mem::replace(&mut self.program, program.into());
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        self.args = args.chain([inner]).chain(self.args).collect();
        self
    }

    /// The value that the line sets for a variable.
    pub fn value_of(&self, name: &str) -> Option<&OsStr> {
        self.set.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
    }
}

/// As one would type it; the environment is left out, for there are the secrets.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program);
        write!(f, "{}", program.to_string_lossy())?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", arg.to_string_lossy()))
    }
}

/// Runs a line; its output goes where ours goes.
pub fn run(line: &CommandLine) -> anyhow::Result<()> {
    with_xshell(line, |command| command.run())
}

/// Runs a line and returns its stdout; its stderr goes where ours goes.
pub fn read(line: &CommandLine) -> anyhow::Result<String> {
    with_xshell(line, |command| command.read())
}

/// Runs a line and returns all it said, whether it succeeded or not.
pub fn capture(line: &CommandLine) -> anyhow::Result<Output> {
    let output = with_xshell(line, |command| command.ignore_status().output())?;
    Ok(Output {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Starts a line that stops with us, or when its handle says so.
pub fn start(line: &CommandLine, log: &File) -> anyhow::Result<Child> {
    start_with(line, log, None)
}

/// The same, for a line that is given a file in the place of its input.
pub fn start_with(line: &CommandLine, log: &File, input: Option<File>) -> anyhow::Result<Child> {
    spawn(command(line), line, log, input)
}

/// Starts a line that outlives us: no terminal, a process group of its own, so that Ctrl-C here does not reach it.
pub fn start_detached(line: &CommandLine, log: &File) -> anyhow::Result<Child> {
    let mut command = command(line);
    detach(&mut command);
    spawn(command, line, log, None)
}

/// Runs a line in the place of this process: its exit code becomes ours. Returns only if it cannot be started.
#[cfg(unix)]
pub fn hand_over(line: &CommandLine) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command(line).exec()).with_context(|| format!("cannot start `{line}`"))
}

/// Runs a line in the place of this process: its exit code becomes ours. Returns only if it cannot be started.
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
    let mut command =
        shell.cmd(&line.program).args(&line.args).envs(line.set.iter().map(|(name, value)| (name, value))).quiet();
    for name in &line.unset {
        command = command.env_remove(name);
    }
    run(command).with_context(|| format!("`{line}` failed"))
}

/// Starts a line, shows what it says as it says it, and waits for its end; says whether it succeeded.
///
/// It writes to the log itself, not to us, and it is waited for even if we are told to stop: so that neither Ctrl-C nor our
/// own death ends it in the middle of a change. A lock that it is given as its input is held until it has ended.
pub(crate) async fn follow(
    line: &CommandLine,
    log: &Path,
    lock: Option<File>,
    mut see: impl FnMut(&str),
) -> anyhow::Result<bool> {
    let opened = File::options().append(true).create(true).open(log);
    let file = opened.with_context(|| format!("cannot write {}", log.display()))?;
    let mut said = File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
    said.seek(SeekFrom::End(0)).with_context(|| format!("cannot read {}", log.display()))?;
    let mut child = Finishing(start_with(line, &file, lock)?);
    let mut rest = Vec::new();
    loop {
        let ended = child.0.try_wait().with_context(|| format!("cannot wait for `{line}`"))?;
        said.read_to_end(&mut rest).with_context(|| format!("cannot read {}", log.display()))?;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let whole: Vec<u8> = rest.drain(..=end).collect();
            see(String::from_utf8_lossy(&whole).trim_end());
        }
        if let Some(status) = ended {
            return Ok(status.success());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A process that is waited for, come what may. Ctrl-C in a terminal has reached it as well: it knows that it is to end.
struct Finishing(Child);

impl Drop for Finishing {
    fn drop(&mut self) {
        drop(self.0.wait());
    }
}

fn command(line: &CommandLine) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.args).envs(line.set.iter().map(|(name, value)| (name, value)));
    for name in &line.unset {
        command.env_remove(name);
    }
    if let Some(directory) = &line.directory {
        command.current_dir(directory);
    }
    command
}

fn spawn(mut command: Command, line: &CommandLine, log: &File, input: Option<File>) -> anyhow::Result<Child> {
    let stdout = log.try_clone().context("cannot share the log file")?;
    let stderr = log.try_clone().context("cannot share the log file")?;
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
    fn a_line_shows_its_arguments_and_hides_its_environment() {
        let line = CommandLine::new("/usr/bin/tool").arg("--flag").args(["a", "b"]).env("SECRET", "hidden");
        assert_eq!(line.to_string(), "tool --flag a b");
        assert_eq!(line.value_of("SECRET"), Some(OsStr::new("hidden")));
    }

    #[test]
    fn a_line_under_another_program_keeps_its_arguments_and_its_environment() {
        let line = CommandLine::new("/usr/bin/tool").arg("--flag").env("NAME", "value").under("watch", ["-n", "1"]);
        assert_eq!(line.to_string(), "watch -n 1 /usr/bin/tool --flag");
        assert_eq!(line.value_of("NAME"), Some(OsStr::new("value")));
    }

    #[test]
    fn capture_reports_failure_instead_of_being_one() {
        let output = capture(&CommandLine::new(crate::environment::cargo()).arg("no-such-command")).unwrap();
        assert!(!output.success);
        assert!(!output.stderr.is_empty());
    }
}
