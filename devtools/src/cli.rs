//! The command line of the developers' commands. Runs nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use xtask::{cargo::Profile, cli::TargetArgs};

/// The developers' commands of mcp-stateful.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every check that the project has: the one definition of green.
    Ci(Ci),
    /// Disturb a service under load and compare what clients were promised with what is stored.
    Drill(Drill),
    /// Deploy, break, repair and destroy against an AWS emulator on this machine that runs real containers.
    Rehearse(Rehearse),
    /// Fuzz what parses input from outside with libFuzzer (needs a C++ compiler; not on Windows).
    Fuzz(Fuzz),
    /// Run the MCP conformance suite against the service (needs npm).
    Conformance(Conformance),
    /// Run other projects' MCP clients against the service (needs npm and Python).
    Clients,
    /// Count the instructions of a request and compare them with docs/bench (needs valgrind).
    Instructions(Instructions),
    /// Measure the service beside its alternatives, or how its cost grows, and write docs/bench (needs npm and Python).
    Bench(Bench),
}

#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// Drill replicas of its own on this machine; what `deploy --local` started is left alone.
    #[arg(long, conflicts_with_all = ["project", "region", "state", "yes"])]
    pub(crate) local: bool,
    /// With --local: how the service is built; `dev` is built quickly, and is slower.
    #[arg(long, value_enum, default_value_t, requires = "local")]
    pub(crate) profile: Profile,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    #[command(flatten)]
    pub(crate) options: DrillOptions,
    /// Do not ask before a live service is disturbed.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// How to drill, wherever.
#[derive(Debug, Clone, Args)]
pub(crate) struct DrillOptions {
    /// How many clients, half of them of either era.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) clients: u16,
    /// How long they work, in seconds; longer if what happens to the service takes longer.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) seconds: u64,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    /// Run only the scenarios of this name; may be given more than once. What they build on is run too.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// List the scenarios and stop.
    #[arg(long)]
    pub(crate) list: bool,
    /// Leave the emulator and what was deployed running, and say how to look at it.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// Run only the step of this name; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// List the steps and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Conformance {
    /// Keep what the suite wrote in this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep_output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// The targets, all unless named; or one target and a file with an input, to try that once more.
    #[arg(value_name = "TARGET")]
    pub(crate) what: Vec<String>,
    /// Seconds for each target; without it, 60.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Instructions {
    /// Keep the new figures instead of comparing them with the old.
    #[arg(long)]
    pub(crate) accept: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only what the goals need, in a few minutes.
    #[arg(long)]
    pub(crate) quick: bool,
    /// With --quick: also build the release image and weigh it, as the whole run does.
    #[arg(long, requires = "quick")]
    pub(crate) image: bool,
    /// How cost grows instead: with notes in a session, sessions in the table, and replicas. Takes a gigabyte of memory.
    #[arg(long, conflicts_with = "quick")]
    pub(crate) growth: bool,
    /// Write to this directory instead of docs/bench.
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}
