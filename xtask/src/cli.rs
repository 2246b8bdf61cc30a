//! The command line: what can be asked for, and how it is spelt. Does nothing.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{cargo::Profile, local::metrics::MetricsPort, project::Project};

/// Deploys, proves and removes mcp-stateful.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the service, start it on AWS (or here with --local), prove that it works, and say how to connect.
    Deploy(Deploy),
    /// Check a running service as a real client would.
    Smoke(Smoke),
    /// Let clients work while the service is killed, replaced and scaled, and compare what they were told with what is stored.
    Drill(DevArgs),
    /// Remove the service: on AWS everything that was made, here (--local) the process, and its data with --data.
    Destroy(Destroy),
    /// Say what runs, where, and since when.
    Status(Status),
    /// Print the token, and nothing else.
    Token(Token),
    /// Print the log of the service on AWS.
    Logs(Logs),
    /// Check all that a deployment on AWS needs; change nothing.
    Doctor(Doctor),
    /// Write what `destroy --export` saved into the table again.
    Import(Import),
    /// Print the IAM policy that a user needs to deploy, and no more.
    Policy(Policy),
    /// Deploy, break, repair and destroy against an AWS emulator on this machine that runs real containers.
    Rehearse(DevArgs),
    /// Run every check that the project has: the one definition of green.
    Ci(DevArgs),
    /// Run the MCP conformance suite against the service (needs npm).
    Conformance(DevArgs),
    /// Let other people's MCP clients use the service (needs npm and Python).
    Clients(DevArgs),
    /// Let libFuzzer try to break what parses input from outside (needs a C++ compiler; not on Windows).
    Fuzz(DevArgs),
    /// Count the instructions that a request takes, and compare with what is kept in docs/bench (needs valgrind).
    Instructions(DevArgs),
    /// Measure the service beside what one would use instead (needs npm and Python), or with --growth how its cost grows, and write
    /// the figures to docs/bench.
    Bench(DevArgs),
}

/// TargetArgs deployment is meant, on AWS or here.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Name of the deployment; each has its own service, notes, token and log.
    #[arg(long, default_value_t)]
    pub project: Project,
    /// AWS region; without it the environment's, the profile's, or us-east-1.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Where Terraform's state is kept, as s3://bucket/key; without it, on this machine. Remembered once it was given.
    #[arg(long, value_name = "S3_URL")]
    pub(crate) state: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// Deploy on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    /// With --local: port of the service on 127.0.0.1; 0 chooses a free one.
    #[arg(long, default_value_t = 3333, requires = "local")]
    pub(crate) port: u16,
    /// With --local: port of the metrics on 127.0.0.1; 0 chooses a free one, `off` has none.
    #[arg(long, default_value = "9464", requires = "local")]
    pub(crate) metrics_port: MetricsPort,
    /// With --local: how the service is built; `dev` is built quickly, and is slower.
    #[arg(long, value_enum, default_value_t, requires = "local")]
    pub(crate) profile: Profile,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    #[command(flatten)]
    pub(crate) options: DeployOptions,
    /// Tell what happens as JSON, one object a line; with --local only the result, as one object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What deploys on AWS only.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeployOptions {
    /// What builds the image: an engine, or `native`, which needs none. Without it, docker if that answers, else native.
    #[arg(long, value_enum, conflicts_with = "local")]
    pub(crate) builder: Option<Builder>,
    /// Deploy this image instead of building one: `<registry>/<repository>@sha256:<digest>`.
    #[arg(long, conflicts_with_all = ["local", "builder"])]
    pub(crate) image: Option<String>,
    /// The addresses that reach the service, such as 203.0.113.7/32; without it, the one this machine has on the internet.
    #[arg(long, value_name = "CIDR", conflicts_with = "local")]
    pub(crate) allowed_cidr: Option<String>,
    /// Set a variable of infra/ for this time, such as fargate_memory=1024; may be given more than once. What should stay belongs
    /// in `infra/<project>.tfvars.json`.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "local")]
    pub(crate) var: Vec<String>,
    /// Take over a table of that name which somebody else made, such as the original system's; its notes are kept.
    #[arg(long, conflicts_with = "local")]
    pub(crate) adopt_table: bool,
    /// Do not ask before anything is made.
    #[arg(long, conflicts_with = "local")]
    pub(crate) yes: bool,
    /// Check everything, say what would be made and what it costs, and stop.
    #[arg(long, conflicts_with = "local")]
    pub(crate) dry_run: bool,
}

/// What can build an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Builder {
    /// Docker builds the Dockerfile.
    Docker,
    /// Podman builds the Dockerfile.
    Podman,
    /// Cargo builds a static binary, and we lay it into an image.
    Native,
}

#[derive(Debug, Args)]
pub(crate) struct Smoke {
    /// Check what `deploy --local` started.
    #[arg(long, conflicts_with_all = ["url", "region", "state"])]
    pub(crate) local: bool,
    /// Check the service at this address, such as `https://mcp.example.com`.
    #[arg(long, conflicts_with_all = ["region", "state", "project"])]
    pub(crate) url: Option<String>,
    /// Bearer token for --url; better in MCP_AUTH_TOKEN, where other users of the machine do not see it.
    #[arg(long, requires = "url")]
    pub(crate) token: Option<String>,
    /// The service at --url asks nobody for a token: leave out the checks that it does.
    #[arg(long, requires = "url")]
    pub(crate) allow_open: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Destroy {
    /// Remove what `deploy --local` started.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// With --local: also delete the notes, the token, the log: everything that the deployment keeps.
    #[arg(long, requires = "local")]
    pub(crate) data: bool,
    /// Before anything is removed, save every note to this file, from which `import` reads them.
    #[arg(long, value_name = "FILE", conflicts_with = "local")]
    pub(crate) export: Option<PathBuf>,
    /// Keep the table; the next deploy of this project takes it up again.
    #[arg(long, conflicts_with = "local")]
    pub(crate) keep_data: bool,
    /// Do not ask before deleting.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Tell what happens as JSON, one object a line.
    #[arg(long, conflicts_with = "local")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Ask for what `deploy --local` started.
    #[arg(long, conflicts_with_all = ["region", "state", "json"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Print what there is to say as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Of what `deploy --local` started.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Go on as lines come, until Ctrl-C.
    #[arg(long)]
    pub(crate) follow: bool,
    /// How far back to begin, in minutes.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=525_600))]
    pub(crate) since: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    #[command(flatten)]
    pub(crate) options: DoctorOptions,
}

/// What a deployment would be asked to do, as far as it matters to what is needed.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorOptions {
    /// What would build the image.
    #[arg(long, value_enum)]
    pub(crate) builder: Option<Builder>,
    /// The addresses that would reach the service.
    #[arg(long, value_name = "CIDR")]
    pub(crate) allowed_cidr: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// What `destroy --export` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// Name of the deployment that the user may change.
    #[arg(long, default_value_t)]
    pub(crate) project: Project,
    /// Region of the deployment.
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: String,
    /// The account, twelve digits; without it, any account that the policy is put into.
    #[arg(long, default_value = "*")]
    pub(crate) account: String,
    /// Bucket of the state, if it is kept in S3.
    #[arg(long, value_name = "BUCKET")]
    pub(crate) state_bucket: Option<String>,
}

/// Arguments of a developers' command, which `devtools` parses.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct DevArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(crate) rest: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn smoke_checks_one_place() {
        assert!(Cli::try_parse_from(["xtask", "smoke", "--local", "--url", "http://x"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "smoke", "--url", "http://x", "--project", "other"]).is_err());
        for line in ["smoke", "smoke --local --json", "smoke --url http://x --token t --allow-open"] {
            let words = ["xtask"].into_iter().chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_is_for_aws_and_what_is_for_here_do_not_mix() {
        for line in [
            "deploy --local --region x",
            "deploy --port 1",
            "deploy --profile dev",
            "deploy --local --yes",
            "drill --local --yes",
            "drill --local --project other",
            "drill --profile dev",
            "destroy --data",
        ] {
            let words = ["xtask"].into_iter().chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }
}
