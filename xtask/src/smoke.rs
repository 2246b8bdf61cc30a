//! The smoke test: calls a running service through REST and both MCP protocol versions, and reports every check.
//!
//! Knows the service by its address only, so it judges a deployment anywhere. It writes to sessions that it creates,
//! and empties them at the end. Prints nothing.

mod access;
mod health;
mod mcp;
mod report;
mod rest;
mod runner;
mod sessions;
mod target;
mod tools;

pub use report::Report;
pub use target::{Target, reach};
pub use tools::TOOLS;

use std::time::Instant;

use anyhow::{Context, anyhow};
use runner::Runner;
use sessions::Sessions;

use crate::{
    client::{ProtocolVersion, RestClient},
    error::{ErrorExt, Exit},
    problem::Problem,
};

/// The error of a test that did not pass, with the cause that was found in the service's log, if any.
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
    let client = RestClient::new(target.url(), target.token())?;
    let mut runner = Runner::default();
    let mut sessions = Sessions::default();

    if health::check(&mut runner, target, &client).await {
        let tools = rest::check(&mut runner, &client, &mut sessions).await;
        for version in ProtocolVersion::ALL {
            mcp::check(&mut runner, target, version, &tools, &mut sessions).await;
        }
        let built_in = tools::has_built_in(&tools);
        if built_in {
            rest::check_notes_of_mcp(&mut runner, &client, &sessions).await;
        }
        access::check(&mut runner, target, &client).await;
        if built_in {
            sessions::clean_up(&mut runner, &client, &sessions).await;
        }
    }
    Ok(Report::new(target.url(), runner, started.elapsed()))
}
