//! The command line. Runs nothing.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::{
    cargo::Profile, connect::Client, environments::Name, front::Front, help, local::metrics::MetricsPort,
    new_tool::ToolName, program, project::Project, source::SourceArgs,
};

/// Parses the command line of this process under the name of the program.
pub(crate) fn parse() -> Command {
    let name = program::name();
    let command = Cli::command().name(name).bin_name(name).before_help(help::groups(&commands()));
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit()).command
}

/// Returns a clap command with every subcommand, for the grouped list.
fn commands() -> clap::Command {
    Command::augment_subcommands(clap::Command::new("xtask"))
}

/// Deploys, checks and removes mcp-stateful, on this machine or on AWS.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 100,
    help_template = help::template(),
    before_help = help::groups(&commands())
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands. `help.rs` groups them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the service, start it here (--local) or on AWS, and run the smoke test.
    Deploy(Deploy),
    /// Check a running service with real MCP and REST clients.
    Smoke(Smoke),
    /// Print what runs, where, and since when.
    Status(Status),
    /// Print the service's log on AWS.
    Logs(Logs),
    /// Print how to connect a client, such as Claude Code, VS Code or curl.
    Connect(Connect),
    /// Print the token and nothing else.
    Token(Token),
    /// Stop the service here (--local), or delete everything that was created on AWS.
    Destroy(Destroy),
    /// Write every note to a file, while the service keeps running.
    Export(Export),
    /// Write an exported file into the table. Notes are never doubled.
    Import(Import),
    /// Check everything that a deployment on AWS needs. Changes nothing.
    Doctor(Doctor),
    /// Print the least IAM policy that a deployment needs.
    Policy(Policy),
    /// Run every check of the project.
    Ci(DevArgs),
    /// Kill, replace and scale a service under load, and check what clients were promised.
    Drill(DevArgs),
    /// Deploy, break, repair and destroy against an AWS emulator that runs real containers.
    Rehearse(DevArgs),
    /// Measure the service beside its alternatives (needs npm and Python).
    Bench(DevArgs),
    /// Count the instructions of a request, and compare with docs/bench (needs valgrind).
    Instructions(DevArgs),
    /// Run the MCP conformance suite against the service (needs npm).
    Conformance(DevArgs),
    /// Run other projects' MCP clients against the service (needs npm and Python).
    Clients(DevArgs),
    /// Write a tool of your own: its file, its registration and a test.
    NewTool(NewTool),
    /// Write the Terraform configuration into a directory, to change it for a project.
    Infra(Infra),
    /// Fuzz the parsers of input with libFuzzer (needs a C++ compiler; not on Windows).
    Fuzz(DevArgs),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// Options that name a deployment, on AWS or on this machine.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Name of the deployment. Each has its own service, notes, token and log.
    #[arg(long, default_value_t)]
    pub project: Project,
    /// AWS region. Default: the environment's, else the profile's, else us-east-1.
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Location of Terraform's state, as s3://bucket/key. Default: this machine. Remembered by the project.
    #[arg(long, value_name = "S3_URL")]
    pub(crate) state: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// Deploy on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    /// With --local: port of the service on 127.0.0.1. 0 chooses a free one. Default: the settings', else 3333.
    #[arg(long, requires = "local")]
    pub(crate) port: Option<u16>,
    /// With --local: port of the metrics on 127.0.0.1, 0 for any free one, or `off`. Default: the settings', else 9464,
    /// or a free one if that is taken.
    #[arg(long, requires = "local")]
    pub(crate) metrics_port: Option<MetricsPort>,
    /// With --local: build profile of the service.
    #[arg(long, value_enum, default_value_t = Profile::Dev, requires = "local")]
    pub(crate) profile: Profile,
    /// Settings to deploy with: environments/NAME.toml, or a path that ends in .toml. Default: the project's name,
    /// with --local `local`.
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<Name>,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) options: DeployOptions,
    /// Print progress as JSON, one object per line. With --local, print the result only, as one object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of a deployment on AWS.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeployOptions {
    /// Image builder. Default: docker if its engine responds, else native.
    #[arg(long, value_enum, conflicts_with = "local")]
    pub(crate) builder: Option<Builder>,
    /// Deploy this image instead of building one: `<registry>/<repository>@sha256:<digest>`.
    #[arg(long, conflicts_with_all = ["local", "builder", "package"])]
    pub(crate) image: Option<String>,
    /// Addresses that may connect, such as 203.0.113.7/32. Default: the public address of this machine.
    #[arg(long, value_name = "CIDR", conflicts_with = "local")]
    pub(crate) allowed_cidr: Option<String>,
    /// Set a variable of infra/ for this deployment, such as fargate_memory=1024. Repeatable. For permanent values, use
    /// `infra` in `environments/<project>.toml`.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "local")]
    pub(crate) var: Vec<String>,
    /// Adopt an existing table with the project's name, such as the v1 (Python) server's. Its notes are kept.
    #[arg(long, conflicts_with = "local")]
    pub(crate) adopt_table: bool,
    /// Do not ask for confirmation.
    #[arg(long, conflicts_with = "local")]
    pub(crate) yes: bool,
    /// Check everything, print the plan and its cost, and stop.
    #[arg(long, conflicts_with = "local")]
    pub(crate) dry_run: bool,
}

/// Image builders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Builder {
    /// Docker builds the Dockerfile.
    Docker,
    /// Podman builds the Dockerfile.
    Podman,
    /// Cargo builds a static binary, which becomes an image without an engine.
    Native,
}

#[derive(Debug, Args)]
pub(crate) struct Smoke {
    /// Check the deployment on this machine.
    #[arg(long, conflicts_with_all = ["url", "region", "state"])]
    pub(crate) local: bool,
    /// Check the service at this address, such as `https://mcp.example.com`.
    #[arg(long, conflicts_with_all = ["region", "state", "project"])]
    pub(crate) url: Option<String>,
    /// Bearer token for --url. Prefer MCP_AUTH_TOKEN, which other users of the machine cannot read.
    #[arg(long, requires = "url")]
    pub(crate) token: Option<String>,
    /// Skip authentication checks; the service at --url accepts unauthenticated requests.
    #[arg(long, requires = "url")]
    pub(crate) allow_open: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Client to print instructions for. Without it, all clients are listed.
    #[arg(value_enum)]
    pub(crate) client: Option<Client>,
    /// Connect to the deployment on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Print the token itself instead of a reference to it.
    #[arg(long)]
    pub(crate) show_token: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Destroy {
    /// Stop the deployment on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// With --local: also delete the notes, the token and the log.
    #[arg(long, requires = "local")]
    pub(crate) data: bool,
    /// Export every note to this file before anything is deleted. `import` reads it.
    #[arg(long, value_name = "FILE", conflicts_with = "local")]
    pub(crate) export: Option<PathBuf>,
    /// Keep the table. The next deployment of this project adopts it.
    #[arg(long, conflicts_with = "local")]
    pub(crate) keep_data: bool,
    /// Do not ask for confirmation.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print progress as JSON, one object per line.
    #[arg(long, conflicts_with = "local")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print the deployment on this machine.
    #[arg(long, conflicts_with_all = ["region", "state", "json"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Print the status as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Print the token of the deployment on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    /// Print new lines as they arrive, until Ctrl-C.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Age of the first line, in minutes.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=525_600))]
    pub(crate) since: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) which: TargetArgs,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) options: DoctorOptions,
}

/// Options of the planned deployment that decide what it needs.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorOptions {
    /// Image builder of the planned deployment.
    #[arg(long, value_enum)]
    pub(crate) builder: Option<Builder>,
    /// Addresses that may connect to it.
    #[arg(long, value_name = "CIDR")]
    pub(crate) allowed_cidr: Option<String>,
    /// Settings of the planned deployment: environments/NAME.toml. Default: the project's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<Name>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// File to write; it appears when the export is complete. An interrupted export is resumed within an hour.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long)]
    pub(crate) force: bool,
    /// Export the deployment on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) which: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// File that `export` or `destroy --export` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Import into the deployment on this machine.
    #[arg(long, conflicts_with_all = ["region", "state"])]
    pub(crate) local: bool,
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
    /// Account ID, twelve digits. Default: any account.
    #[arg(long, default_value = "*")]
    pub(crate) account: String,
    /// Bucket of Terraform's state, if it is kept in S3.
    #[arg(long, value_name = "BUCKET")]
    pub(crate) state_bucket: Option<String>,
    /// Front of the deployment. With it the result is an object: several policies by name, with those for autoscaling,
    /// alarms and a permissions boundary.
    #[arg(long, value_enum)]
    pub(crate) front: Option<Front>,
    /// Hosted zone of the front's domain. Default: any zone.
    #[arg(long, value_name = "ID", default_value = "*")]
    pub(crate) route53_zone: String,
}

#[derive(Debug, Args)]
pub(crate) struct NewTool {
    /// Name of the tool, as clients see it, such as count_words.
    #[arg(value_name = "NAME")]
    pub(crate) name: ToolName,
    /// Keep a state in the caller's session.
    #[arg(long)]
    pub(crate) state: bool,
    /// Cache the result.
    #[arg(long)]
    pub(crate) cached: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Infra {
    /// Directory to write, which must not exist or be empty. A project's own `infra` is used in place of the carried
    /// one.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) write: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Shells with completion scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
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
    use std::collections::BTreeSet;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(["xtask"].into_iter().chain(line.split(' ')))
    }

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_is_in_one_group() {
        let commands = commands();
        let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
        let grouped: Vec<&str> = help::GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        assert_eq!(BTreeSet::from_iter(names.iter()), BTreeSet::from_iter(grouped.iter()));
        assert_eq!(names.len(), grouped.len());
    }

    #[test]
    fn descriptions_fit_in_a_line() {
        for line in help::groups(&commands()).lines() {
            let visible = line.split('\u{1b}').map(|part| part.split_once('m').map_or(part, |(_, text)| text));
            assert!(visible.map(str::len).sum::<usize>() <= 100, "{line}");
        }
    }

    #[test]
    fn smoke_checks_one_deployment() {
        for line in ["smoke --local --url http://x", "smoke --url http://x --project other"] {
            assert!(parse(line).is_err(), "{line}");
        }
        for line in ["smoke", "smoke --local --json", "smoke --url http://x --token t --allow-open"] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn options_for_aws_and_local_do_not_mix() {
        for line in [
            "deploy --local --region x",
            "deploy --port 1",
            "deploy --environment ../x",
            "deploy --profile dev",
            "deploy --local --yes",
            "connect --local --region x",
            "destroy --data",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn local_deployment_is_built_quickly_by_default() {
        let Command::Deploy(args) = parse("deploy --local").unwrap().command else { panic!("another command") };
        assert_eq!(args.profile, Profile::Dev);
        assert_eq!(args.metrics_port, None);
    }

    #[test]
    fn help_of_a_developers_command_is_passed_on() {
        let Command::Ci(args) = parse("ci --help").unwrap().command else { panic!("another command") };
        assert_eq!(args.rest, ["--help"]);
    }

    #[test]
    fn mistyped_command_gets_a_suggestion() {
        assert!(parse("deplyo").unwrap_err().to_string().contains("deploy"));
        assert!(parse("deploy --locall").unwrap_err().to_string().contains("exists: '--local'"));
        assert!(parse("connect vscod").unwrap_err().to_string().contains("vscode"));
    }

    #[test]
    fn help_lists_the_groups() {
        let help = Cli::command().render_help().to_string();
        let groups = ["Run:", "Data:", "Check:", "Develop:", "Options:"].map(|group| help.find(group));
        assert!(groups.is_sorted() && groups[0].is_some(), "{help}");
    }
}
