//! One file per command, each readable from top to bottom, and the dispatch from a command line to its file.

mod bench;
mod ci;
mod clients;
mod conformance;
mod docs;
mod drill;
mod fuzz;
mod instructions;
mod rehearse;

use crate::cli::Command;

/// Runs a command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Ci(args) => ci::run(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Conformance(args) => conformance::run(args.keep_output.as_deref()),
        Command::Clients => clients::run(),
        Command::Instructions(args) => instructions::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}
