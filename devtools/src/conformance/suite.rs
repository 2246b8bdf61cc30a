//! The suite's command lines, and the scenarios that apply to each server.

use std::{fmt, path::Path};

use anyhow::{Context, anyhow};

use crate::node::Node;
use xtask::process::{self, CommandLine};

const PACKAGE: (&str, &str) = ("@modelcontextprotocol/conformance", "0.2.0-alpha.12");

/// A server under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The service: only the scenarios that apply to a server with its tools.
    Service,
    /// The suite's fixtures behind the service's router: every scenario, so that the whole transport is tested.
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

/// A protocol version, and the scenarios that apply to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) version: &'static str,
    pub(crate) applicable: &'static [&'static str],
}

/// The suite's two requirement sets.
pub(crate) const SETS: [Set; 2] = [
    Set { version: "2025-11-25", applicable: &["server-initialize", "ping", "tools-list", "dns-rebinding-protection"] },
    Set {
        version: "2026-07-28",
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

    /// Returns the scenarios that a protocol version requires of servers.
    pub(crate) fn required(&self, version: &str) -> anyhow::Result<Vec<String>> {
        let list = process::read(&self.line()?.args(["list", "--requirements", version]))?;
        let required = parse_list(&list);
        if required.is_empty() {
            return Err(anyhow!("the suite lists no server scenario for {version}"));
        }
        Ok(required)
    }

    /// Runs one scenario, with its results in `output`.
    pub(crate) fn run_scenario(&self, url: &str, version: &str, scenario: &str, output: &Path) -> anyhow::Result<()> {
        self.run(&self.server(url, output)?.args(["--scenario", scenario, "--spec-version", version]))
    }

    /// Runs a complete requirement set, with its results in `output`.
    pub(crate) fn run_set(&self, url: &str, version: &str, output: &Path) -> anyhow::Result<()> {
        self.run(&self.server(url, output)?.args(["--requirements", version]))
    }

    fn server(&self, url: &str, output: &Path) -> anyhow::Result<CommandLine> {
        Ok(self.line()?.args(["server", "--url", url, "--output-dir"]).arg(output))
    }

    fn line(&self) -> anyhow::Result<CommandLine> {
        self.node.script(&self.node.file(PACKAGE.0, "dist/index.js"))
    }

    /// Ignores the exit code, which reports expected failures too. The results decide.
    fn run(&self, line: &CommandLine) -> anyhow::Result<()> {
        let output = process::capture(line).context("cannot run the conformance suite")?;
        if output.stdout.trim().is_empty() {
            return Err(anyhow!("the conformance suite printed no results: {}", output.stderr.trim()));
        }
        Ok(())
    }
}

fn parse_list(list: &str) -> Vec<String> {
    let servers = list.lines().skip_while(|line| !line.starts_with("Server scenarios")).skip(1);
    servers.map_while(|line| line.trim().strip_prefix("- ")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_server_scenarios_are_listed() {
        let list = "Required for X:\n\nServer scenarios (test against a server):\n  - ping\n  - tools-list\n\nClient scenarios:\n  - initialize\n";
        assert_eq!(parse_list(list), ["ping", "tools-list"]);
        assert!(parse_list("").is_empty());
    }
}
