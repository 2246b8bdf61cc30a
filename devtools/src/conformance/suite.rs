//! The suite's command lines, and which scenarios say something about which server.

use std::{fmt, path::Path};

use anyhow::{Context, anyhow};

use crate::node::Node;
use xtask::process::{self, CommandLine};

const PACKAGE: (&str, &str) = ("@modelcontextprotocol/conformance", "0.2.0-alpha.12");

/// What is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The real service: only the scenarios that a server of tools can meet.
    Service,
    /// The suite's fixtures behind our router: everything, so that our transport is judged in full.
    Fixture,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "service",
            Self::Fixture => "fixture",
        })
    }
}

/// A revision of MCP, and the scenarios that apply to the real service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) revision: &'static str,
    pub(crate) applicable: &'static [&'static str],
}

/// Both requirement sets.
pub(crate) const SETS: [Set; 2] = [
    Set {
        revision: "2025-11-25",
        applicable: &["server-initialize", "ping", "tools-list", "dns-rebinding-protection"],
    },
    Set {
        revision: "2026-07-28",
        applicable: &[
            "tools-list",
            "dns-rebinding-protection",
            "http-header-validation",
            "input-required-result-unsupported-methods",
            "server-stateless",
            "caching",
        ],
    },
];

/// The installed suite.
#[derive(Debug)]
pub(crate) struct Suite {
    node: Node,
}

impl Suite {
    pub(crate) fn install(target: &Path) -> anyhow::Result<Self> {
        Ok(Self { node: Node::with_packages(target, "conformance", &[PACKAGE])? })
    }

    /// The scenarios that a revision requires of servers.
    pub(crate) fn required(&self, revision: &str) -> anyhow::Result<Vec<String>> {
        let listed = process::read(&self.line()?.args(["list", "--requirements", revision]))?;
        let required = parse_list(&listed);
        if required.is_empty() {
            return Err(anyhow!("the suite lists no server scenario for {revision}"));
        }
        Ok(required)
    }

    /// Runs one scenario and leaves its results in a directory.
    pub(crate) fn run_scenario(&self, url: &str, revision: &str, scenario: &str, output: &Path) -> anyhow::Result<()> {
        self.run(&self.server(url, output)?.args(["--scenario", scenario, "--spec-version", revision]))
    }

    /// Runs a whole requirement set and leaves its results in a directory.
    pub(crate) fn run_set(&self, url: &str, revision: &str, output: &Path) -> anyhow::Result<()> {
        self.run(&self.server(url, output)?.args(["--requirements", revision]))
    }

    fn server(&self, url: &str, output: &Path) -> anyhow::Result<CommandLine> {
        Ok(self.line()?.args(["server", "--url", url, "--output-dir"]).arg(output))
    }

    fn line(&self) -> anyhow::Result<CommandLine> {
        self.node.script(&self.node.file(PACKAGE.0, "dist/index.js"))
    }

    /// The exit code says that some check failed, which is for us to judge; so what it wrote is kept instead.
    fn run(&self, line: &CommandLine) -> anyhow::Result<()> {
        let output = process::capture(line).context("the conformance suite cannot be run")?;
        if output.stdout.trim().is_empty() {
            return Err(anyhow!(
                "the conformance suite said nothing on stdout, and this on stderr: {}",
                output.stderr.trim()
            ));
        }
        Ok(())
    }
}

fn parse_list(listed: &str) -> Vec<String> {
    let servers = listed.lines().skip_while(|line| !line.starts_with("Server scenarios")).skip(1);
    servers.map_while(|line| line.trim().strip_prefix("- ")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_server_scenarios_are_listed() {
        let listed = "Required for X:\n\nServer scenarios (test against a server):\n  - ping\n  - tools-list\n\nClient scenarios:\n  - initialize\n";
        assert_eq!(parse_list(listed), ["ping", "tools-list"]);
        assert!(parse_list("").is_empty());
    }
}
