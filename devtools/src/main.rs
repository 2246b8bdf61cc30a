//! The developers' commands: `cargo xtask ci`, `drill`, `rehearse`, `bench` and the others that users never run.
//!
//! `cargo xtask` builds this program when one of them is called, so that deployments do not wait for it.

mod bench;
mod cli;
mod clients;
mod commands;
mod conformance;
mod drill;
mod fuzz;
mod imports;
mod instructions;
mod node;
mod quick_build;
mod rehearsal;
mod requirements;
mod server;
mod sources;
mod style;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    xtask::finish(xtask::http::install_cryptography().and_then(|()| commands::run(cli::Cli::parse().command)))
}
