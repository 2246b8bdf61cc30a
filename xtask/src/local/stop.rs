//! Ends a service: asks it to, waits as long as it promised to take, and only then kills it.

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

/// The service drains for 25 s at most; a little more for a slow machine.
const GRACE: Duration = Duration::from_secs(28);
/// How long a killed process may take to go.
const AFTER_KILL: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(25);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// By itself, after this time.
    Gracefully(Duration),
    /// It had to be killed.
    Killed,
    /// It ran no more.
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
        "process {} still runs {} s after it was asked to end; it is killed now",
        identity.pid,
        GRACE.as_secs()
    ));
    identity::request(identity, Request::Kill)?;
    if gone_within(identity, AFTER_KILL)? {
        return Ok(Stopped::Killed);
    }
    Err(anyhow!("process {} was killed and does not go away", identity.pid)).exit_code(Exit::Apply)
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
