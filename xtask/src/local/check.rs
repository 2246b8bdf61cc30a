//! Has a staged binary check its settings, so that an invalid one is found while the previous version still serves.

use std::{fs, path::Path, process::ExitStatus, time::Duration};

use anyhow::anyhow;

use super::{home::Home, record::Launch, secrets::Secrets, service};
use crate::{
    error::{ErrorExt, Exit},
    poll::{Check, poll_blocking},
    process::{LogFile, ManagedProcess},
};

/// The service's exit code for invalid settings.
const INVALID: i32 = 2;
/// A binary that takes longer is left to the wait for readiness, which has the whole picture.
const LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);

/// Fails with [`Exit::Preflight`] if the binary rejects its settings, and with [`Exit::Build`] if it cannot be started
/// on this machine. `file` is the file of the settings.
pub(crate) fn settings(home: &Home, exe: &Path, launch: &Launch, secrets: &Secrets, file: &str) -> anyhow::Result<()> {
    let line = service::line(home, exe, launch, secrets).arg("check-config");
    let mut process = ManagedProcess::start(&line, LogFile::create(&home.check_log())?)
        .map_err(|error| error.context("the built binary does not run on this machine; nothing was changed"))
        .hint("remove build.target from cargo's configuration, and unset CARGO_BUILD_TARGET")
        .exit_code(Exit::Build)?;
    let ended: Option<ExitStatus> = poll_blocking(LIMIT, POLL, || {
        Ok(process.exit_status()?.map_or_else(|| Check::not_yet("still running"), Check::Ready))
    })?
    .ok();
    let output = process.log().text();
    drop(fs::remove_file(home.check_log()));
    if ended.and_then(|status| status.code()) != Some(INVALID) {
        return Ok(());
    }
    let problems = output.lines().filter(|line| !line.ends_with("invalid configuration:"));
    let problems = problems.fold(String::new(), |all, line| format!("{all}\n  {line}"));
    Err(anyhow!("the service rejects its settings; nothing was changed{problems}"))
        .hint(format!("correct the settings in {file}"))
        .exit_code(Exit::Preflight)
}
