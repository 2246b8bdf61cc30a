//! The smoke test: uses a running service as real clients do, over REST and both eras of MCP, and reports every check.
//!
//! Knows the service by its address only, so it judges a deployment anywhere. It writes to sessions of its own and empties
//! them at the end. Prints nothing.

mod access;
mod era;
mod health;
mod reach;
mod report;
mod rest;
mod runner;
mod sessions;
mod target;
mod wire;

pub use era::{ERAS, Era};
pub use reach::reach;
pub use report::Report;
pub use target::Target;

use std::time::Instant;

use anyhow::{Context, anyhow};
use runner::Runner;
use sessions::Sessions;
use wire::Wire;

use crate::{
    error::{ErrorExt, Exit},
    problem::Problem,
};

/// The tools, in the order in which the service lists them.
pub const TOOLS: [&str; 5] = ["add_note", "get_notes", "echo_cached", "reset_session", "create_session"];

/// The error of a test that is not green, with the cause that the log of the service names, if one was found.
pub(crate) fn failed(report: &Report, cause: Option<Problem>) -> anyhow::Result<()> {
    let failed = Err(anyhow!("{}", report.summary())).exit_code(Exit::Smoke);
    match cause {
        Some(Problem { what, fix }) => failed.context(format!("cause: {what}")).hint(fix),
        None => failed,
    }
}

/// Runs every check. An error means that the test itself could not be set up.
pub(crate) async fn run(target: &Target) -> anyhow::Result<Report> {
    let started = Instant::now();
    let wire = Wire::new(target)?;
    let mut runner = Runner::default();
    let mut sessions = Sessions::default();

    if health::check(&mut runner, target, &wire).await {
        rest::check(&mut runner, &wire, &mut sessions).await;
        for era in era::ERAS {
            era::check(&mut runner, target, era, &mut sessions).await;
        }
        rest::check_all_eras(&mut runner, &wire, &sessions).await;
        access::check(&mut runner, target, &wire).await;
        sessions::clean_up(&mut runner, &wire, &sessions).await;
    }
    Ok(Report::new(target.url(), runner, started.elapsed()))
}
