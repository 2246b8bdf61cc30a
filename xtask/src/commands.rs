//! One file per command, each readable from top to bottom, and the dispatch from a command line to its file.

#[cfg(feature = "aws")]
mod completions;
mod connect;
#[cfg(feature = "aws")]
mod data_source;
mod deploy;
mod destroy;
#[cfg(feature = "aws")]
mod doctor;
#[cfg(feature = "aws")]
mod export;
#[cfg(feature = "aws")]
mod import;
mod infra;
#[cfg(feature = "aws")]
mod logs;
mod new_tool;
#[cfg(feature = "aws")]
mod policy;
mod smoke;
mod status;
mod token;

use crate::{cli::Command, devtools, http, ui::Reporter};

/// Returns the reporter that a command's arguments ask for. The other `--json` flags print one object as the result.
pub(crate) fn reporter(command: &Command) -> Reporter {
    Reporter::new(match command {
        Command::Deploy(args) => args.json && !args.local,
        Command::Destroy(args) => args.json,
        _ => false,
    })
}

/// Runs a command. Those that need neither AWS nor the developers' tools run here.
pub(crate) fn run(command: Command, reporter: Reporter) -> anyhow::Result<()> {
    http::install_cryptography()?;
    match command {
        Command::Deploy(args) if args.local => deploy::local::run(&args),
        Command::Smoke(args) if args.local => smoke::local(&args),
        Command::Smoke(args) if args.url.is_some() => smoke::url(&args),
        Command::Status(args) if args.local => status::local::run(&args),
        Command::Connect(args) if args.local => connect::local(&args),
        Command::Token(args) if args.local => token::local(&args),
        Command::Destroy(args) if args.local => destroy::local::run(&args),
        Command::NewTool(args) => new_tool::run(&args),
        Command::Infra(args) => infra::run(&args),
        Command::Ci(args) => devtools::run("ci", &args),
        Command::Drill(args) => devtools::run("drill", &args),
        Command::Rehearse(args) => devtools::run("rehearse", &args),
        Command::Fuzz(args) => devtools::run("fuzz", &args),
        Command::Conformance(args) => devtools::run("conformance", &args),
        Command::Clients(args) => devtools::run("clients", &args),
        Command::Instructions(args) => devtools::run("instructions", &args),
        Command::Bench(args) => devtools::run("bench", &args),
        command => on_aws(command, reporter),
    }
}

#[cfg(feature = "aws")]
fn on_aws(command: Command, reporter: Reporter) -> anyhow::Result<()> {
    match command {
        Command::Deploy(args) => deploy::aws::run(&args, reporter),
        Command::Smoke(args) => smoke::aws::run(&args),
        Command::Status(args) => status::aws::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Connect(args) => connect::aws::run(&args),
        Command::Token(args) => token::aws::run(&args),
        Command::Destroy(args) => destroy::aws::run(&args, reporter),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(())
        }
        other => anyhow::bail!("internal error: {other:?} was dispatched to AWS"),
    }
}

#[cfg(not(feature = "aws"))]
fn on_aws(_: Command, _: Reporter) -> anyhow::Result<()> {
    crate::full_build::run()
}
