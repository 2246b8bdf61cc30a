//! The command line: what can be asked for, and how it is spelt. Does nothing.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::local::{metrics::MetricsPort, project::Project};

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
    /// Build the service, start it in the background, prove that it works, and say how to connect.
    Deploy(Deploy),
    /// Check a running service as a real client would.
    Smoke(Smoke),
    /// Stop the service and say what remains; delete that too with --data.
    Destroy(Destroy),
    /// Say what runs, where, and since when.
    Status(Status),
    /// Run every check that the project has: the one definition of green.
    Ci(Ci),
    /// Run the MCP conformance suite against the service (needs npm).
    Conformance(Conformance),
    /// Let other people's MCP clients use the service (needs npm and Python).
    Clients,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// Deploy on this machine.
    #[arg(long)]
    pub(crate) local: bool,
    /// Port of the service on 127.0.0.1; 0 chooses a free one.
    #[arg(long, default_value_t = 3333)]
    pub(crate) port: u16,
    /// Port of the metrics on 127.0.0.1; 0 chooses a free one, `off` has none.
    #[arg(long, default_value = "9464")]
    pub(crate) metrics_port: MetricsPort,
    /// Name of the deployment; each has its own notes, token and log.
    #[arg(long, default_value_t)]
    pub(crate) project: Project,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true).args(["local", "url"]))]
pub(crate) struct Smoke {
    /// Check what `deploy --local` started.
    #[arg(long)]
    pub(crate) local: bool,
    /// Check the service at this address, such as `https://mcp.example.com`.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Bearer token for --url; better in MCP_AUTH_TOKEN, where other users of the machine do not see it.
    #[arg(long, requires = "url")]
    pub(crate) token: Option<String>,
    /// The service at --url asks nobody for a token: leave out the checks that it does.
    #[arg(long, requires = "url")]
    pub(crate) allow_open: bool,
    /// Name of the deployment, with --local.
    #[arg(long, default_value_t, conflicts_with = "url")]
    pub(crate) project: Project,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Destroy {
    /// Remove what `deploy --local` started.
    #[arg(long)]
    pub(crate) local: bool,
    /// Name of the deployment.
    #[arg(long, default_value_t)]
    pub(crate) project: Project,
    /// Also delete the notes, the token, the log: everything that the deployment keeps.
    #[arg(long)]
    pub(crate) data: bool,
    /// Do not ask before deleting.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Ask for what `deploy --local` started.
    #[arg(long)]
    pub(crate) local: bool,
    /// Name of the deployment.
    #[arg(long, default_value_t)]
    pub(crate) project: Project,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn smoke_needs_to_know_where() {
        assert!(Cli::try_parse_from(["xtask", "smoke"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "smoke", "--local", "--url", "http://x"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "smoke", "--local", "--json"]).is_ok());
        assert!(Cli::try_parse_from(["xtask", "smoke", "--url", "http://x", "--token", "t", "--allow-open"]).is_ok());
    }
}
