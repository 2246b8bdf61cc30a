//! One file per command, each readable from top to bottom; and which function answers which command.

mod bench;
mod ci;
mod clients;
mod conformance;
mod deploy;
mod destroy;
mod doctor;
mod drill;
mod fuzz;
mod import;
mod instructions;
mod logs;
mod policy;
mod rehearse;
mod smoke;
mod status;
mod token;

use crate::cli::Command;

/// Does what the command line asks for.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Deploy(args) => deploy::run(&args),
        Command::Smoke(args) => smoke::run(&args),
        Command::Destroy(args) => destroy::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Ci(args) => ci::run(&args),
        Command::Conformance(args) => conformance::run(args.keep_output.as_deref()),
        Command::Clients => clients::run(),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Instructions(args) => instructions::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}
