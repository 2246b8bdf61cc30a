//! `cargo xtask`: deploys, proves and removes mcp-stateful.
//!
//! Owns the order of a run: parse, dispatch, and on failure print the error once and return its exit code. What a command
//! does is in `commands/`; nothing here knows it.

mod aws;
mod bench;
mod cargo;
mod cli;
mod clients;
mod commands;
mod conformance;
mod connect;
mod data;
mod drill;
mod environment;
mod error;
mod fuzz;
mod http;
mod image;
mod instructions;
mod local;
mod lock;
mod node;
mod policy;
mod preflight;
mod prices;
mod problem;
mod project;
mod rehearsal;
mod revision;
mod rollout;
mod runtime;
mod server;
mod shell;
mod smoke;
mod stack;
mod sweep;
mod table;
mod terraform;
mod timestamp;
mod token;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    if let Some(exit) = fuzz::instrument::wrapper() {
        return exit;
    }
    let cli = cli::Cli::parse();
    match http::install_cryptography().and_then(|()| commands::run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::failure(&error);
            error::exit_of(&error).into()
        }
    }
}
