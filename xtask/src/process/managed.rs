//! A process with an owner: started with a log file, awaited until it is ready, and killed when its handle is dropped.
//!
//! Readiness is the caller's check, so this module knows no server and no protocol.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

use super::{
    CommandLine,
    identity::{self, Identity, Request},
    start, start_detached,
};
use crate::poll::{Check, TimedOut, poll, poll_blocking};

/// Pause between two looks at a process that was asked to end.
const EXIT_POLL: Duration = Duration::from_millis(10);

/// Upper bound of the log that is read for an error message.
const TAIL_BYTES: u64 = 32 * 1024;

/// A file that receives stdout and stderr of a process, and the position at which they begin.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    offset: u64,
}

impl LogFile {
    /// Creates the file, or empties it.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, offset: 0 })
    }

    /// Opens the file to write after its last byte.
    pub fn append(path: &Path) -> anyhow::Result<Self> {
        let opened = || -> io::Result<(File, u64)> {
            let file = File::options().create(true).append(true).open(path)?;
            let offset = file.metadata()?.len();
            Ok((file, offset))
        };
        let (file, offset) = opened().with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, offset })
    }

    /// The output since this handle was opened. Empty if the file cannot be read.
    pub fn text(&self) -> String {
        self.read_from(self.offset).unwrap_or_default()
    }

    /// The last lines of that output.
    pub fn tail(&self, lines: usize) -> Vec<String> {
        let length = fs::metadata(&self.path).map_or(0, |log| log.len());
        let text = self.read_from(self.offset.max(length.saturating_sub(TAIL_BYTES))).unwrap_or_default();
        let all: Vec<String> = text.lines().map(str::to_owned).collect();
        all[all.len().saturating_sub(lines)..].to_vec()
    }

    fn read_from(&self, offset: u64) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A running process. Dropping the handle kills it, after asking it to end if a grace period was set.
#[derive(Debug)]
pub struct ManagedProcess {
    /// `None` once the process was released.
    child: Option<Child>,
    line: String,
    log: LogFile,
    started: Instant,
    grace: Option<Duration>,
    kills_descendants: bool,
}

/// Reason why a process did not become ready.
#[derive(Debug)]
pub enum NotReady {
    /// The process ended.
    Exited(ExitStatus),
    /// The limit passed first.
    TimedOut(TimedOut),
}

/// The end of a process that was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It ended within the grace period.
    Exited(ExitStatus),
    /// It outlived the grace period and was killed.
    Killed,
}

impl ManagedProcess {
    /// Starts a line in this process's group: Ctrl-C in the terminal reaches it too.
    pub fn start(line: &CommandLine, log: LogFile) -> anyhow::Result<Self> {
        let child = start(line, &log.file)?;
        Ok(Self::new(child, line, log))
    }

    /// Starts a line in a process group of its own: Ctrl-C in the terminal does not reach it.
    pub fn start_detached(line: &CommandLine, log: LogFile) -> anyhow::Result<Self> {
        let child = start_detached(line, &log.file)?;
        Ok(Self::new(child, line, log))
    }

    fn new(child: Child, line: &CommandLine, log: LogFile) -> Self {
        let (line, started) = (line.to_string(), Instant::now());
        Self { child: Some(child), line, log, started, grace: None, kills_descendants: false }
    }

    /// Makes drop ask the process to end, and kill it only if it is still there after this time.
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// Makes drop kill the processes that this one started as well.
    pub fn with_descendants(mut self) -> Self {
        self.kills_descendants = true;
        self
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Identifies the process, for a record that outlives this handle. An error if it has ended.
    pub fn identity(&self) -> anyhow::Result<Identity> {
        identity::identify(self.pid())
    }

    /// Time since the process was started.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The file that receives its output.
    pub fn log(&self) -> &LogFile {
        &self.log
    }

    /// The exit status, if the process has ended.
    pub fn exit_status(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let line = &self.line;
        let status = self.child.as_mut().map(Child::try_wait).transpose();
        Ok(status.with_context(|| format!("cannot wait for `{line}`"))?.flatten())
    }

    /// Waits until a check succeeds, the process ends, or the limit has passed. The limit counts from the process's
    /// start.
    pub async fn wait_ready<T>(
        &mut self,
        limit: Duration,
        every: Duration,
        mut check: impl AsyncFnMut() -> anyhow::Result<Check<T>>,
    ) -> anyhow::Result<Result<T, NotReady>> {
        let left = limit.saturating_sub(self.uptime());
        let waited = poll(left, every, async || {
            if let Some(status) = self.exit_status()? {
                return Ok(Check::Ready(Err(NotReady::Exited(status))));
            }
            Ok(match check().await? {
                Check::Ready(value) => Check::Ready(Ok(value)),
                Check::NotYet(status) => Check::NotYet(status),
            })
        });
        Ok(waited.await?.unwrap_or_else(|timed_out| Err(NotReady::TimedOut(timed_out))))
    }

    /// Like [`wait_ready`](Self::wait_ready), with an error that shows the process's last output if it is not ready.
    pub async fn ready<T>(
        &mut self,
        limit: Duration,
        every: Duration,
        check: impl AsyncFnMut() -> anyhow::Result<Check<T>>,
    ) -> anyhow::Result<T> {
        self.wait_ready(limit, every, check).await?.map_err(|reason| self.not_ready(&reason))
    }

    /// The error of a process that did not become ready, with its last output.
    pub fn not_ready(&self, reason: &NotReady) -> anyhow::Error {
        let output = self.log.tail(20).iter().fold(String::new(), |all, line| format!("{all}\n  | {line}"));
        anyhow!("`{}` did not become ready: {reason}{output}", self.line)
    }

    /// Asks the process to end and waits for it; kills it if it is still there after the grace period.
    pub async fn stop(mut self, grace: Duration) -> anyhow::Result<Ended> {
        self.send(Request::Terminate)?;
        let ended = poll(grace, EXIT_POLL, async || self.check_exit()).await?;
        self.reap(ended)
    }

    /// Kills the process and waits until it is gone.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.kill_now()
    }

    /// Sends Ctrl-C's signal to the process alone. False where the platform has no such signal.
    pub fn interrupt(&self) -> anyhow::Result<bool> {
        self.send(Request::Interrupt)
    }

    /// Lets the process run on after this handle is gone, and returns its id.
    pub fn release(mut self) -> u32 {
        let pid = self.pid();
        drop(self.child.take());
        pid
    }

    /// Signals the process. False if it has ended already.
    fn send(&self, request: Request) -> anyhow::Result<bool> {
        match self.identity() {
            Ok(identity) => identity::request(&identity, request),
            Err(_) => Ok(false),
        }
    }

    fn check_exit(&mut self) -> anyhow::Result<Check<ExitStatus>> {
        Ok(self.exit_status()?.map_or_else(|| Check::not_yet("still running"), Check::Ready))
    }

    fn reap(&mut self, ended: Result<ExitStatus, TimedOut>) -> anyhow::Result<Ended> {
        match ended {
            Ok(status) => Ok(Ended::Exited(status)),
            Err(_) => self.kill_now().map(|()| Ended::Killed),
        }
    }

    fn kill_now(&mut self) -> anyhow::Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        child.kill().with_context(|| format!("cannot kill `{}`", self.line))?;
        child.wait().with_context(|| format!("cannot wait for `{}`", self.line))?;
        Ok(())
    }
}

impl Drop for ManagedProcess {
    fn drop(&mut self) {
        if !matches!(self.exit_status(), Ok(None)) || self.child.is_none() {
            return;
        }
        // Read before the process ends: its children lose their parent with it.
        let descendants = if self.kills_descendants { identity::descendants(self.pid()) } else { Vec::new() };
        if let Some(grace) = self.grace {
            drop(self.send(Request::Terminate));
            drop(poll_blocking(grace, EXIT_POLL, || self.check_exit()));
        }
        drop(self.kill_now());
        for identity in descendants {
            drop(identity::request(&identity, Request::Kill));
        }
    }
}

impl std::fmt::Display for NotReady {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "it ended with {status}"),
            Self::TimedOut(timed_out) => timed_out.fmt(f),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::runtime::wait_for;

    const LIMIT: Duration = Duration::from_secs(10);
    const EVERY: Duration = Duration::from_millis(10);

    fn start_script(script: &str, directory: &Path) -> ManagedProcess {
        let line = CommandLine::new("sh").args(["-c", script]);
        ManagedProcess::start(&line, LogFile::create(&directory.join("log")).unwrap()).unwrap()
    }

    /// Waits until the script has printed a line.
    fn started(script: &str, directory: &Path) -> ManagedProcess {
        let mut process = start_script(script, directory);
        let log = directory.join("log");
        let printed = async || {
            Ok(if fs::read_to_string(&log)?.contains('\n') { Check::Ready(()) } else { Check::not_yet("no output") })
        };
        wait_for(process.ready(LIMIT, EVERY, printed)).unwrap().unwrap();
        process
    }

    #[test]
    fn early_exit_reports_the_last_output() {
        let directory = tempfile::tempdir().unwrap();
        let mut process = start_script("echo last words; exit 3", directory.path());
        let never = async || Ok(Check::<()>::not_yet("not yet"));
        let error = wait_for(process.ready(LIMIT, EVERY, never)).unwrap().unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("\n  | last words"), "{error}");
    }

    #[test]
    fn timeout_reports_the_last_status() {
        let directory = tempfile::tempdir().unwrap();
        let mut process = start_script("exec sleep 60", directory.path());
        let never = async || Ok(Check::<()>::not_yet("503"));
        let waited = wait_for(process.wait_ready(EVERY, EVERY, never)).unwrap().unwrap();
        assert!(matches!(waited, Err(NotReady::TimedOut(timed_out)) if timed_out.last == "503"));
    }

    #[test]
    fn dropped_process_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let process = started("echo up; exec sleep 60", directory.path());
        let identity = process.identity().unwrap();
        drop(process);
        assert!(!identity::is_running(&identity).unwrap());
    }

    #[test]
    fn released_process_runs_on() {
        let directory = tempfile::tempdir().unwrap();
        let process = started("echo up; exec sleep 60", directory.path());
        let identity = process.identity().unwrap();
        assert_eq!(process.release(), identity.pid);
        assert!(identity::is_running(&identity).unwrap());
        assert!(identity::request(&identity, Request::Kill).unwrap());
    }

    #[test]
    fn grace_lets_a_process_clean_up() {
        let directory = tempfile::tempdir().unwrap();
        let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done";
        drop(started(script, directory.path()).with_grace(LIMIT));
        assert_eq!(fs::read_to_string(directory.path().join("log")).unwrap(), "up\nbye\n");
        let ended = wait_for(started(script, directory.path()).stop(LIMIT)).unwrap().unwrap();
        assert!(matches!(ended, Ended::Exited(status) if status.success()), "{ended:?}");
    }

    #[test]
    fn process_that_ignores_stop_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let process = started("trap '' TERM; echo up; while :; do sleep 0.05; done", directory.path());
        assert_eq!(wait_for(process.stop(Duration::from_millis(200))).unwrap().unwrap(), Ended::Killed);
    }

    #[test]
    fn descendants_are_killed_on_request() {
        let directory = tempfile::tempdir().unwrap();
        // The pause lets the shell's copy of itself become `sleep`.
        let process = started("sleep 60 & sleep 0.2; echo up; wait", directory.path()).with_descendants();
        let below = identity::descendants(process.pid());
        assert_eq!(below.len(), 1, "{below:?}");
        drop(process);
        let gone = poll_blocking(LIMIT, EVERY, || {
            Ok(if identity::is_running(&below[0])? { Check::not_yet("runs") } else { Check::Ready(()) })
        });
        assert_eq!(gone.unwrap(), Ok(()));
    }

    #[test]
    fn interrupt_reaches_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let mut process = started("trap 'exit 130' INT; echo up; while :; do sleep 0.05; done", directory.path());
        assert!(process.interrupt().unwrap());
        let status = poll_blocking(LIMIT, EVERY, || process.check_exit()).unwrap().unwrap();
        assert_eq!(status.code(), Some(130));
    }

    #[test]
    fn appended_log_shows_the_new_run_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        fs::write(&path, "old\n").unwrap();
        let log = LogFile::append(&path).unwrap();
        fs::write(&path, "old\na\nb\nc\n").unwrap();
        assert_eq!(log.text(), "a\nb\nc\n");
        assert_eq!(log.tail(2), ["b", "c"]);
        fs::remove_file(&path).unwrap();
        assert!(log.tail(20).is_empty());
    }
}
