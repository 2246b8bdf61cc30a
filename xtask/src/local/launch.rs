//! Starts the service in the background, and writes down at once which process it is.
//!
//! What it serves on and with which settings is decided here; whether it works is asked elsewhere.

use std::{path::Path, process::Child, time::Instant};

use serde::{Deserialize, Serialize};

use super::{
    home::Home,
    identity::{self, Identity},
    log,
    metrics::MetricsPort,
    ready::{Outcome, Watch},
    record::{self, Record},
};
use crate::{
    process::{self, CommandLine},
    timestamp,
    token::Token,
};

/// How to start a version; enough to start it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) port: u16,
    pub(crate) metrics: MetricsPort,
    pub(crate) revision: String,
}

/// A service that was started a moment ago.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) record: Record,
    /// Kept to learn how it ended, should it end now.
    child: Child,
    /// Where its lines in the log begin.
    pub(crate) log_offset: u64,
    watch: Watch,
    since: Instant,
}

impl Started {
    /// Waits until it serves, or does not.
    pub(crate) fn ready(&mut self) -> anyhow::Result<Outcome> {
        self.watch.wait(&mut self.child, self.since)
    }
}

/// Starts a staged binary.
pub(crate) fn start(home: &Home, exe: &Path, launch: &Launch, token: &Token) -> anyhow::Result<Started> {
    let url = format!("http://127.0.0.1:{}", launch.port);
    let watch = Watch::over(&url)?;
    let log = log::open(home)?;
    let since = Instant::now();
    let mut child = process::start_detached(&line(home, exe, launch, token), &log.file)?;
    // One that has ended already is recorded as well as we can; the wait that follows finds out how it ended.
    let identity = identity::identify(child.id()).unwrap_or_else(|_| Identity {
        pid: child.id(),
        start_time: timestamp::now(),
        exe: exe.to_owned(),
    });
    let record = Record {
        identity: Identity { exe: exe.to_owned(), ..identity },
        launch: launch.clone(),
        url,
        metrics_url: launch.metrics.url(),
        started_at: timestamp::now(),
    };
    if let Err(error) = record::save(home, &record) {
        // What is not recorded must not run.
        drop(child.kill());
        drop(child.wait());
        return Err(error.context("the service was started and stopped again, because it could not be recorded"));
    }
    Ok(Started { record, child, log_offset: log.offset, watch, since })
}

fn line(home: &Home, exe: &Path, launch: &Launch, token: &Token) -> CommandLine {
    CommandLine::new(exe)
        .directory(home.root())
        .env("MCP_HOST", "127.0.0.1")
        .env("MCP_PORT", launch.port.to_string())
        .env("MCP_METRICS_PORT", launch.metrics.to_string())
        .env("MCP_STATE_BACKEND", "embedded")
        .env("MCP_STATE_PATH", home.notes())
        .env("MCP_AUTH_TOKEN", token.reveal())
        .env("MCP_REVISION", &launch.revision)
        .env("MCP_LOG_FORMAT", "human")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_in_the_environment_and_not_on_the_command_line() {
        let launch = Launch { port: 3333, metrics: MetricsPort::Off, revision: "unknown".to_owned() };
        let line =
            line(&Home::at(Path::new("/home")), Path::new("/home/bin/mcp-stateful-0"), &launch, &Token::new("secret"));
        assert_eq!(line.to_string(), "mcp-stateful-0");
        assert_eq!(line.value_of("MCP_AUTH_TOKEN").unwrap(), "secret");
        assert_eq!(line.value_of("MCP_STATE_BACKEND").unwrap(), "embedded");
        assert_eq!(line.value_of("MCP_METRICS_PORT").unwrap(), "off");
        assert_eq!(line.value_of("MCP_STATE_PATH").unwrap(), Path::new("/home").join("notes.db").as_os_str());
    }
}
