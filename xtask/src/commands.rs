//! One file per command, each readable from top to bottom; and which function answers which command.

mod ci;
mod clients;
mod conformance;
mod deploy;
mod destroy;
mod smoke;
mod status;

use anyhow::anyhow;

use crate::{
    cli::Command,
    error::{Advice, Exit},
};

/// Does what the command line asks for.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Deploy(args) => deploy::run(&args),
        Command::Smoke(args) => smoke::run(&args),
        Command::Destroy(args) => destroy::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Ci(args) => ci::run(&args),
        Command::Conformance(args) => conformance::run(args.keep_output.as_deref()),
        Command::Clients => clients::run(),
    }
}

/// Refuses what only exists locally so far.
fn only_local(local: bool, command: &str) -> anyhow::Result<()> {
    if local {
        return Ok(());
    }
    Err(anyhow!("`{command}` without --local means AWS, and deployment to AWS is not built yet"))
        .hint(format!("run `cargo xtask {command} --local`"))
        .exits(Exit::Usage)
}
