//! A server that the rehearsal starts and that ends with it: asked first, so that it can clean up, then killed. Each is
//! recorded, so that what a rehearsal left running, because it was asked to or was killed, is ended by the next. Only
//! processes that were started here are ever signalled.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

use super::paths::Place;
use xtask::{
    local::identity::{self, Identity, Request},
    process::{self, CommandLine},
};

/// How long it may take to answer.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// How long it may take to end when asked.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Option<Child>,
    name: &'static str,
    log: PathBuf,
    record: PathBuf,
}

impl Daemon {
    /// Starts a line. Ctrl-C in the terminal does not reach it: it has to outlive what depends on it.
    pub(super) fn start(name: &'static str, line: &CommandLine, place: &Place) -> anyhow::Result<Self> {
        let (log, record) = (place.logs().join(format!("{name}.log")), place.daemons().join(name));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = process::start_detached(line, &file)?;
        let pid = child.id();
        let daemon = Self { child: Some(child), name, log, record };
        // One that has ended already leaves nothing to record.
        if let Ok(identity) = identity::identify(pid) {
            let text = serde_json::to_string(&identity).context("cannot write a record")?;
            fs::write(&daemon.record, text).with_context(|| format!("cannot write {}", daemon.record.display()))?;
        }
        Ok(daemon)
    }

    /// Waits until it answers; if it ends or takes too long, says what it said last.
    pub(super) async fn ready(&mut self, mut answers: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait().with_context(|| format!("cannot look at {}", self.name))?
            {
                return Err(anyhow!("{} ended: {status}\n{}", self.name, self.last_lines()));
            }
            if answers().await {
                return Ok(());
            }
            if since.elapsed() > STARTS_WITHIN {
                let seconds = STARTS_WITHIN.as_secs();
                return Err(anyhow!("{} does not answer after {seconds} s\n{}", self.name, self.last_lines()));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Lets it run on; says its process.
    pub(super) fn leave(&mut self) -> Option<u32> {
        self.child.take().map(|child| child.id())
    }

    fn last_lines(&self) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(15)..].iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Ok(identity) = identity::identify(child.id()) {
            drop(identity::request(&identity, Request::Terminate));
        }
        let since = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && since.elapsed() < ENDS_WITHIN {
            thread::sleep(PAUSE);
        }
        drop(child.kill());
        drop(child.wait());
        drop(fs::remove_file(&self.record));
    }
}

/// Ends what an earlier rehearsal left running.
pub(super) fn end_those_left(place: &Place) -> anyhow::Result<()> {
    let records = place.daemons();
    let entries = fs::read_dir(&records).with_context(|| format!("cannot read {}", records.display()))?;
    for record in entries {
        let record = record.with_context(|| format!("cannot read {}", records.display()))?.path();
        let text = fs::read_to_string(&record).with_context(|| format!("cannot read {}", record.display()))?;
        // What cannot be read was written by nobody who got further than that.
        if let Ok(identity) = serde_json::from_str::<Identity>(&text) {
            end(&identity)?;
        }
        fs::remove_file(&record).with_context(|| format!("cannot delete {}", record.display()))?;
    }
    Ok(())
}

fn end(identity: &Identity) -> anyhow::Result<()> {
    identity::request(identity, Request::Terminate)?;
    let since = Instant::now();
    while identity::is_running(identity)? {
        if since.elapsed() > ENDS_WITHIN {
            identity::request(identity, Request::Kill)?;
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use xtask::runtime;

    fn sh(script: &str) -> CommandLine {
        CommandLine::new("sh").args(["-c", script])
    }

    fn identity(daemon: &Daemon) -> Identity {
        identity::identify(daemon.child.as_ref().unwrap().id()).unwrap()
    }

    #[test]
    fn one_that_ends_is_told_with_its_last_words() {
        let (_directory, place) = Place::for_test();
        let mut daemon = Daemon::start("test", &sh("echo last words; exit 3"), &place).unwrap();
        let error = runtime::wait_for(daemon.ready(async || false)).unwrap().unwrap_err().to_string();
        assert!(error.starts_with("test ended") && error.contains("  | last words"), "{error}");
    }

    #[test]
    fn dropping_it_asks_it_to_end() {
        let (directory, place) = Place::for_test();
        let asked = directory.path().join("asked");
        let script = format!("trap 'touch {}; exit 0' TERM; echo up; while :; do sleep 0.05; done", asked.display());
        let mut daemon = Daemon::start("test", &sh(&script), &place).unwrap();
        let log = daemon.log.clone();
        let up = async || fs::read_to_string(&log).is_ok_and(|said| said.contains("up"));
        runtime::wait_for(daemon.ready(up)).unwrap().unwrap();
        let identity = identity(&daemon);
        drop(daemon);
        assert!(asked.exists());
        assert!(!identity::is_running(&identity).unwrap());
        assert_eq!(fs::read_dir(place.daemons()).unwrap().count(), 0);
    }

    #[test]
    fn one_that_was_left_is_ended_by_the_next_rehearsal() {
        let (_directory, place) = Place::for_test();
        let mut daemon = Daemon::start("test", &sh("exec sleep 60"), &place).unwrap();
        let identity = identity(&daemon);
        let mut child = daemon.child.take().unwrap();
        drop(daemon);
        // Somebody has to take notice of its end, as init does when the rehearsal that started it is gone.
        let waiting = thread::spawn(move || child.wait());
        end_those_left(&place).unwrap();
        assert!(!identity::is_running(&identity).unwrap());
        drop(waiting.join());
    }
}
