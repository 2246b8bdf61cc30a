//! The way back: a version that did not come up is replaced by the one before it, and the error says what serves now.

use std::process::ExitStatus;

use anyhow::anyhow;

use crate::{
    error::{ErrorExt, Exit},
    local::{home::Home, launch, ready::Outcome, record::Record},
    token::Token,
    ui,
};

/// Starts the previous version again, if there was one, and returns the error with which the deployment ends.
pub(super) fn put_back(home: &Home, previous: Option<&Record>, token: &Token, failed: anyhow::Error) -> anyhow::Error {
    let (failed, exit) = match previous {
        None => (failed.context("nothing runs: the first deployment failed"), Exit::FirstDeployFailed),
        Some(previous) => match start_again(home, previous, token) {
            Ok(()) => {
                let serves =
                    format!("the new version was taken back; the previous version serves again at {}", previous.url);
                (failed.context(serves), Exit::RolledBack)
            }
            Err(error) => {
                let both = format!("nothing runs: the previous version could not be put back either ({error:#})");
                (failed.context(both), Exit::Apply)
            }
        },
    };
    let ended: Result<(), _> = Err(failed);
    let advised = ended.hint(format!("the whole log is in {}", home.log().display())).exit_code(exit);
    advised.err().unwrap_or_else(|| anyhow!("the deployment failed"))
}

/// How a process ended, in words.
pub(super) fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("with exit code {code}"),
        None => format!("by a signal ({status})"),
    }
}

fn start_again(home: &Home, previous: &Record, token: &Token) -> anyhow::Result<()> {
    ui::step("roll back", &format!("to revision {}", previous.launch.revision));
    let mut started = launch::start(home, &previous.identity.exe, &previous.launch, token)?;
    match started.ready()? {
        Outcome::Ready(_) => Ok(()),
        Outcome::Exited(status) => Err(anyhow!("it ended, {}", ended(status))),
        Outcome::TimedOut(last) => Err(anyhow!("it was not ready in time; it last said: {last}")),
    }
}
