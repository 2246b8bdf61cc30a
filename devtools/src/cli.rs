//! The command line of the developers' commands. Defines the arguments and runs nothing.

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
    /// Disturb a service under load, and compare the notes that clients wrote with the stored ones.
    Drill(Drill),
    /// Deploy, break, repair and destroy against an AWS emulator on this machine that runs real containers.
    Rehearse(Rehearse),
    /// Fuzz the parsers of external input with libFuzzer (needs a C++ compiler; not on Windows).
    Fuzz(Fuzz),
    /// Run the MCP conformance suite against the service (needs npm).
    Conformance(Conformance),
    /// Run MCP clients of other projects against the service (needs npm and Python).
    Clients,
    /// Count the instructions of a request and compare them with docs/bench (needs valgrind).
    Instructions(Instructions),
    /// Measure the service beside its alternatives, or its cost as it grows, and write docs/bench (needs npm and
    /// Python).
    Bench(Bench),
}

#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// Drill replicas started for this on this machine; a local deployment is left alone.
    #[arg(long, conflicts_with_all = ["project", "region", "state", "yes"])]
    pub(crate) local: bool,
    /// With --local: drill the tools of examples/cart and examples/meter, on a table that fails as well.
    #[arg(long, requires = "local")]
    pub(crate) tools: bool,
    /// With --tools: measure the same tools in FastMCP under the same load (needs Python).
    #[arg(long, requires = "tools")]
    pub(crate) fastmcp: bool,
    /// With --local: the build profile of the service; `dev` builds faster and runs slower.
    #[arg(long, value_enum, default_value_t = Profile::Release, requires = "local")]
    pub(crate) profile: Profile,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    #[command(flatten)]
    pub(crate) options: DrillOptions,
    /// Skip the question before a live service is disturbed.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Options of a drill on either target.
#[derive(Debug, Clone, Args)]
pub(crate) struct DrillOptions {
    /// Number of clients, half of them for each protocol version.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) clients: u16,
    /// Duration of the load in seconds; longer if the disturbances take longer.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) seconds: u64,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    /// Run only the scenario of this name, after those that it builds on; repeatable.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// List the scenarios and stop.
    #[arg(long)]
    pub(crate) list: bool,
    /// Leave the emulator and the deployment running, and print how to inspect them.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// Run only the step of this name; repeatable.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Run only what needs Rust alone: formatting, lints, unit and integration tests.
    #[arg(long, conflicts_with = "only")]
    pub(crate) quick: bool,
    /// Install missing tools with apt, dnf, brew or winget before the first step.
    #[arg(long)]
    pub(crate) install: bool,
    /// List the steps and stop.
    #[arg(long, conflicts_with_all = ["quick", "install", "only"])]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Conformance {
    /// Keep the suite's output in this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep_output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Targets to fuzz (default: all); or one target and a file with an input, to replay that input.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Seconds for each target (default: 60).
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Instructions {
    /// Write the new counts to docs/bench instead of comparing with them.
    #[arg(long)]
    pub(crate) accept: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Measure only the figures that have goals, in a few minutes.
    #[arg(long)]
    pub(crate) quick: bool,
    /// With --quick: also build the release image and measure its size, as a complete run does.
    #[arg(long, requires = "quick")]
    pub(crate) image: bool,
    /// Measure how cost grows instead: with notes in a session, sessions in the table, and replicas. Needs 1 GB of
    /// memory.
    #[arg(long, conflicts_with = "quick")]
    pub(crate) growth: bool,
    /// Write the pages and charts again from the kept figures, without measuring.
    #[arg(long, conflicts_with_all = ["quick", "growth"])]
    pub(crate) redraw: bool,
    /// Write to this directory instead of docs/bench.
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}
