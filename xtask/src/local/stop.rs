//! Stops a service: asks it to end, waits for it to drain, and kills it only after that.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::anyhow;

use super::identity::{self, Identity, Request};
use crate::{
    error::{ErrorExt, Exit},
    ui,
};

/// Upper bound of a drain. The service drains for at most 22 s; the rest is for a slow machine.
const GRACE: Duration = Duration::from_secs(28);
/// Upper bound of the wait for a killed process to disappear.
const AFTER_KILL: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(25);

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It ended by itself, after this time.
    Gracefully(Duration),
    /// It had to be killed.
    Killed,
    /// It was not running.
    WasGone,
}

/// Ends a process and waits until it is gone.
pub(crate) fn stop(identity: &Identity) -> anyhow::Result<Stopped> {
    let asked = Instant::now();
    if !identity::request(identity, Request::Terminate)? {
        return if identity::is_running(identity)? { Err(not_ours_to_end(identity)) } else { Ok(Stopped::WasGone) };
    }
    if gone_within(identity, GRACE)? {
        return Ok(Stopped::Gracefully(asked.elapsed()));
    }
    ui::warning(&format!(
        "process {} still runs {} s after it was asked to end; killing it",
        identity.pid,
        GRACE.as_secs()
    ));
    identity::request(identity, Request::Kill)?;
    if gone_within(identity, AFTER_KILL)? {
        return Ok(Stopped::Killed);
    }
    Err(anyhow!("process {} was killed but is still running", identity.pid)).exit_code(Exit::Apply)
}

fn gone_within(identity: &Identity, limit: Duration) -> anyhow::Result<bool> {
    let deadline = Instant::now() + limit;
    while identity::is_running(identity)? {
        if Instant::now() > deadline {
            return Ok(false);
        }
        sleep(POLL);
    }
    Ok(true)
}

fn not_ours_to_end(identity: &Identity) -> anyhow::Error {
    anyhow!("the system does not permit signals to process {}", identity.pid)
        .hint("run this as the user that started the process")
        .exit_code(Exit::Apply)
}
