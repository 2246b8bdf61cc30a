//! The deployer behind `cargo xtask`: deploys, checks and removes mcp-stateful.
//!
//! Parses the command line, dispatches it and prints a failure once. The steps of a command are in `commands/`.
//! Public items are those that `devtools` shares with the deployer. They are not a stable interface.
//!
//! The feature `aws` adds everything that talks to AWS. Without it only the commands for this machine exist.

#![allow(rustdoc::private_intra_doc_links, reason = "its documentation is built with private items")]
#![expect(missing_docs, reason = "shared with devtools only, and named to be read there")]
#![cfg_attr(
    not(feature = "aws"),
    allow(dead_code, reason = "the commands for this machine use a part of what is shared")
)]

#[cfg(feature = "aws")]
mod adopt;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cargo;
#[cfg(feature = "aws")]
pub mod cleanup;
pub mod cli;
pub mod client;
pub mod columns;
mod commands;
pub mod confirm;
mod connect;
#[cfg(feature = "aws")]
pub mod data;
mod devtools;
mod dirs;
pub mod environment;
mod environments;
pub mod error;
mod front;
#[cfg(not(feature = "aws"))]
mod full_build;
mod git;
mod help;
pub mod http;
#[cfg(feature = "aws")]
pub mod image;
mod infra;
mod json_file;
pub mod local;
pub mod lock;
pub mod nearest;
mod new_tool;
#[cfg(feature = "aws")]
pub mod policy;
pub mod poll;
#[cfg(feature = "aws")]
pub mod preflight;
#[cfg(feature = "aws")]
pub mod prices;
pub mod problem;
pub mod process;
mod program;
pub mod project;
pub mod revision;
#[cfg(feature = "aws")]
pub mod rollout;
pub mod runtime;
pub mod smoke;
pub mod source;
#[cfg(feature = "aws")]
pub mod stack;
#[cfg(feature = "aws")]
pub mod terraform;
pub mod timestamp;
pub mod token;
pub mod ui;

use std::process::ExitCode;

/// Runs the command that the installed program was started with.
pub fn run_installed() -> ExitCode {
    program::set_installed();
    run()
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let command = cli::parse();
    let reporter = commands::reporter(&command);
    conclude(reporter, commands::run(command, reporter))
}

/// Prints a failure as text and returns the exit code that it carries.
pub fn finish(result: anyhow::Result<()>) -> ExitCode {
    conclude(ui::Reporter::Human, result)
}

fn conclude(reporter: ui::Reporter, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            reporter.failure(&error);
            error::exit_of(&error).into()
        }
    }
}
