//! Who is measured, and the line that starts each.

use std::path::{Path, PathBuf};

use bench_load::{Surface, Work};
use serde::{Deserialize, Serialize};

use super::packages::Packages;
use xtask::{cargo, process::CommandLine};

/// The token of our service; the others ask for none.
pub(crate) const TOKEN: &str = "bench-token-0123456789abcdef";

/// A server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Contestant {
    /// The service as it is deployed: with a token, its log on, its table at the stand-in.
    Ours,
    /// rmcp alone, state in memory.
    Rmcp,
    /// axum alone.
    Axum,
    /// One bare SDK call for each request, behind axum.
    Sdk,
    FastMcp,
    TypeScript,
    /// Python's standard library.
    Stdlib,
}

impl Contestant {
    pub(crate) const ALL: [Self; 7] =
        [Self::Ours, Self::Rmcp, Self::Axum, Self::Sdk, Self::FastMcp, Self::TypeScript, Self::Stdlib];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "mcp-stateful",
            Self::Rmcp => "rmcp alone, in memory",
            Self::Axum => "axum echo",
            Self::Sdk => "axum, one bare SDK call",
            Self::FastMcp => "FastMCP",
            Self::TypeScript => "TypeScript SDK",
            Self::Stdlib => "Python stdlib",
        }
    }

    /// How it is spoken to; the first is the one that the others are compared by.
    pub(crate) fn surfaces(self) -> &'static [Surface] {
        match self {
            Self::Ours => &[Surface::Mcp2026, Surface::Mcp2025, Surface::Rest],
            Self::Rmcp | Self::FastMcp | Self::TypeScript => &[Surface::Mcp2026],
            Self::Axum => &[Surface::Echo],
            Self::Sdk | Self::Stdlib => &[Surface::Rest],
        }
    }

    pub(crate) fn does(self, work: Work) -> bool {
        match self {
            Self::Axum => work == Work::EchoHot,
            Self::Sdk => matches!(work, Work::AddNote | Work::GetNotes),
            _ => true,
        }
    }

    /// Whether its work reaches the store, so that the store's delay matters.
    pub(crate) fn uses_store(self) -> bool {
        !matches!(self, Self::Axum | Self::Rmcp)
    }

    pub(crate) fn token(self) -> Option<&'static str> {
        (self == Self::Ours).then_some(TOKEN)
    }

    /// The binary, where it is one.
    pub(crate) fn binary(self, target: &Path) -> Option<PathBuf> {
        match self {
            Self::Ours => Some(cargo::release_binary(target, "mcp-stateful")),
            Self::Rmcp => Some(cargo::release_binary(target, "bench-rmcp")),
            Self::Axum => Some(cargo::release_binary(target, "bench-axum")),
            Self::Sdk => Some(cargo::release_binary(target, "bench-store")),
            Self::FastMcp | Self::TypeScript | Self::Stdlib => None,
        }
    }

    /// The line that serves on a port, with the store at an endpoint.
    pub(crate) fn line(
        self,
        target: &Path,
        packages: &Packages,
        port: u16,
        store: &str,
    ) -> anyhow::Result<CommandLine> {
        let port_text = port.to_string();
        let line = match self {
            Self::Ours => return Ok(ours_at(&cargo::release_binary(target, "mcp-stateful"), port, store)),
            Self::Rmcp | Self::Axum => CommandLine::new(self.binary(target).unwrap_or_default()).arg(port_text),
            Self::Sdk => CommandLine::new(self.binary(target).unwrap_or_default()).args([&port_text, store]),
            Self::FastMcp => packages.python("fastmcp_server.py").arg(port_text),
            Self::Stdlib => packages.python("stdlib_server.py").arg(port_text),
            Self::TypeScript => packages.node("typescript_server.mjs")?.arg(port_text),
        };
        Ok(at_store(line, store))
    }
}

/// Our service on a port with all the defaults of a deployment, its table at an endpoint.
pub(crate) fn ours_at(binary: &Path, port: u16, store: &str) -> CommandLine {
    at_store(ours(binary, port).env("MCP_STATE_BACKEND", "dynamodb"), store)
}

/// Our service on a port with all the defaults of a deployment; where its table is has to be added.
pub(crate) fn ours(binary: &Path, port: u16) -> CommandLine {
    CommandLine::new(binary)
        .env("MCP_HOST", "127.0.0.1")
        .env("MCP_PORT", port.to_string())
        .env("MCP_METRICS_PORT", "0")
        .env("MCP_LOG_FORMAT", "json")
        .env("MCP_AUTH_TOKEN", TOKEN)
}

/// Gives a line the store at an endpoint in DynamoDB's place.
pub(crate) fn at_store(line: CommandLine, endpoint: &str) -> CommandLine {
    line.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("AWS_EC2_METADATA_DISABLED", "true")
}
