//! `cargo xtask`: deploys, proves and removes mcp-stateful.
//!
//! Owns the order of a run: parse, dispatch, and on failure print the error once and return its exit code. What a command
//! does is in `commands/`; nothing here knows it.

mod cargo;
mod cli;
mod clients;
mod commands;
mod conformance;
mod environment;
mod error;
mod http;
mod local;
mod node;
mod revision;
mod runtime;
mod server;
mod shell;
mod smoke;
mod table;
mod terraform;
mod timestamp;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match http::install_cryptography().and_then(|()| commands::run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::failure(&error);
            error::exit_of(&error).into()
        }
    }
}
