//! The measured servers, and the command that starts each.

use std::path::Path;

use bench_load::{Api, Work};
use serde::{Deserialize, Serialize};

use super::packages::Packages;
use xtask::{
    cargo::{self, build::Built},
    process::CommandLine,
};

/// The token of the service. The other servers have no authentication.
pub(crate) const TOKEN: &str = "bench-token-0123456789abcdef";

/// A measured server: the service or one of the servers that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Peer {
    /// The service with the settings of a deployment: token, log, and its table in the stand-in.
    #[serde(rename = "ours")]
    Service,
    /// rmcp alone, with its state in memory.
    Rmcp,
    /// axum alone.
    Axum,
    /// One unmodified AWS SDK call for each request, behind axum.
    Sdk,
    FastMcp,
    TypeScript,
    /// Python's standard library, with the habits of the v1 (Python) server.
    Stdlib,
}

impl Peer {
    pub(crate) const ALL: [Self; 7] =
        [Self::Service, Self::Rmcp, Self::Axum, Self::Sdk, Self::FastMcp, Self::TypeScript, Self::Stdlib];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Service => "mcp-stateful",
            Self::Rmcp => "rmcp alone, in memory",
            Self::Axum => "axum echo",
            Self::Sdk => "axum, one bare SDK call",
            Self::FastMcp => "FastMCP",
            Self::TypeScript => "TypeScript SDK",
            Self::Stdlib => "Python stdlib",
        }
    }

    /// The server's APIs. Comparisons between servers use the first.
    pub(crate) fn apis(self) -> &'static [Api] {
        match self {
            Self::Service => &[Api::Mcp2026, Api::Mcp2025, Api::Rest],
            Self::Rmcp | Self::FastMcp | Self::TypeScript => &[Api::Mcp2026],
            Self::Axum => &[Api::Echo],
            Self::Sdk | Self::Stdlib => &[Api::Rest],
        }
    }

    pub(crate) fn does(self, work: Work) -> bool {
        match self {
            Self::Axum => work == Work::EchoHot,
            Self::Sdk => matches!(work, Work::AddNote | Work::GetNotes),
            _ => true,
        }
    }

    /// True if its calls reach the store, so that the store's delay matters.
    pub(crate) fn uses_store(self) -> bool {
        !matches!(self, Self::Axum | Self::Rmcp)
    }

    pub(crate) fn token(self) -> Option<&'static str> {
        (self == Self::Service).then_some(TOKEN)
    }

    /// The target that cargo builds it from. `None` for scripts.
    pub(crate) fn target(self) -> Option<&'static str> {
        match self {
            Self::Service => Some(cargo::SERVICE),
            Self::Rmcp => Some("bench-rmcp"),
            Self::Axum => Some("bench-axum"),
            Self::Sdk => Some("bench-store"),
            Self::FastMcp | Self::TypeScript | Self::Stdlib => None,
        }
    }

    /// Builds the command that serves on a port with the store at an endpoint.
    pub(crate) fn line(
        self,
        built: &Built,
        packages: &Packages,
        port: u16,
        store: &str,
    ) -> anyhow::Result<CommandLine> {
        let port_text = port.to_string();
        let binary = || built.executable(self.target().unwrap_or_default());
        let line = match self {
            Self::Service => return Ok(service_line_at(binary()?, port, store)),
            Self::Rmcp | Self::Axum => CommandLine::new(binary()?).arg(port_text),
            Self::Sdk => CommandLine::new(binary()?).args([&port_text, store]),
            Self::FastMcp => packages.python("fastmcp_server.py").arg(port_text),
            Self::Stdlib => packages.python("stdlib_server.py").arg(port_text),
            Self::TypeScript => packages.node("typescript_server.mjs")?.arg(port_text),
        };
        Ok(at_store(line, store))
    }
}

/// Lists each server with each of its APIs, in the order of tables.
pub(crate) fn with_apis() -> impl Iterator<Item = (Peer, Api)> {
    Peer::ALL.into_iter().flat_map(|peer| peer.apis().iter().map(move |api| (peer, *api)))
}

/// Builds the command for the service with the defaults of a deployment and its table at an endpoint.
pub(crate) fn service_line_at(binary: &Path, port: u16, store: &str) -> CommandLine {
    at_store(service_line(binary, port).env("MCP_STATE_BACKEND", "dynamodb"), store)
}

/// Builds the command for the service with the defaults of a deployment. The caller must add a state backend.
pub(crate) fn service_line(binary: &Path, port: u16) -> CommandLine {
    CommandLine::new(binary)
        .env("MCP_HOST", "127.0.0.1")
        .env("MCP_PORT", port.to_string())
        .env("MCP_METRICS_PORT", "0")
        .env("MCP_LOG_FORMAT", "json")
        .env("MCP_AUTH_TOKEN", TOKEN)
}

/// Makes a command use the store at an endpoint as DynamoDB.
pub(crate) fn at_store(line: CommandLine, endpoint: &str) -> CommandLine {
    line.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("AWS_EC2_METADATA_DISABLED", "true")
}
