//! The developers' commands: `cargo xtask ci`, `drill`, `rehearse`, `bench` and their like.
//!
//! `xtask` starts this program and compiles none of it in.

mod bench;
mod cli;
mod clients;
mod commands;
mod conformance;
mod drill;
mod fuzz;
mod instructions;
mod node;
mod quick_build;
mod rehearsal;
mod server;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    if let Some(exit) = fuzz::instrument::wrapper() {
        return exit;
    }
    xtask::finish(xtask::http::install_cryptography().and_then(|()| commands::run(cli::Cli::parse().command)))
}
