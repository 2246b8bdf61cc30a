//! The configuration, parsed: one struct per concern. What is wrong is told all at once, by flag and variable.

mod access;
mod oauth;
mod parse;
mod tokens;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use access::{AccessConfig, Allowed, Secret};
pub(crate) use oauth::web_address;
pub use oauth::{METADATA_PATH, OAuthConfig, Resource};
pub use tokens::{NamedToken, is_token_name, token_entry};

use crate::cli::Flags;
use parse::Problems;

/// Everything the service is told from outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it serves its metrics, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// Who may call.
    pub access: AccessConfig,
    /// How much and how long.
    pub limits: Limits,
    /// Where the state is.
    pub state: StateConfig,
    /// What it reports as its build.
    pub revision: String,
}

/// Where the table lives.
#[derive(Debug, Clone)]
pub struct StateConfig {
    /// The place.
    pub backend: Backend,
    /// The table's name.
    pub table: String,
    /// The longest that one call to the table takes, retries included.
    pub deadline: Duration,
}

/// The places a table can live in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// AWS, or the endpoint that `AWS_ENDPOINT_URL_DYNAMODB` names.
    DynamoDb,
    /// In this process, on this file.
    Embedded(PathBuf),
}

impl Backend {
    /// Whether the table is in this process.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}

/// Bounds of a request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest body, in bytes: 413 above.
    pub body_bytes: usize,
    /// Longest wait for head or body: 408 above.
    pub body_timeout: Duration,
    /// Longest time until the answer: 504 above.
    pub request_timeout: Duration,
    /// Requests worked on at once: 503 with Retry-After above.
    pub concurrency: usize,
    /// Bytes of notes in one answer: a cursor above.
    pub answer_bytes: usize,
    /// How long a session of `create_session` lives.
    pub session_ttl: Duration,
}

/// How the log is written.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// For whom.
    pub format: LogFormat,
    /// What: a level, or targets with levels.
    pub filter: String,
    /// Whether colours are welcome where they make sense.
    pub colour: bool,
}

/// For whom the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// People on a terminal, machines elsewhere.
    Auto,
    /// People.
    Human,
    /// Machines.
    Json,
}

/// All that is wrong with the configuration, a line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Parses every setting.
    ///
    /// # Errors
    /// Every problem there is, each naming flag, variable and what is wanted.
    pub fn parse(flags: &Flags) -> Result<(Self, LogConfig), ConfigError> {
        let mut problems = Problems::default();
        let listen = SocketAddr::new(
            problems.address("--host", "MCP_HOST", &flags.host),
            problems.number("--port", "MCP_PORT", &flags.port, 0..=u16::MAX),
        );
        let metrics = problems.metrics(flags);
        let access = access::parse(&mut problems, flags, listen.ip(), flags.stdio);
        let limits = problems.limits(flags);
        let state = problems.state(flags);
        let log = problems.log(flags);
        problems.finish()?;
        Ok((Self { listen, metrics, access, limits, state, revision: flags.revision.clone() }, log))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn flags(arguments: &[&str]) -> Flags {
        Cli::parse_from(["mcp-stateful"].iter().chain(arguments)).flags
    }

    fn problems(arguments: &[&str]) -> String {
        Config::parse(&flags(arguments)).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_the_original_s() {
        let (config, _) = Config::parse(&flags(&[])).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3333");
        assert_eq!(config.state.table, "mcp_state");
        assert!(config.state.backend.is_embedded());
    }

    #[test]
    fn values_are_case_insensitive() {
        let (config, _) = Config::parse(&flags(&["--state-backend", "DYNAMODB"])).unwrap();
        assert_eq!(config.state.backend, Backend::DynamoDb);
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_by_name() {
        let told =
            problems(&["--port", "x", "--state-backend", "redis", "--max-concurrency", "0", "--log-format", "xml"]);
        for part in [
            "--port (MCP_PORT)",
            "--state-backend (MCP_STATE_BACKEND)",
            "\"redis\"",
            "--max-concurrency",
            "--log-format",
        ] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
        assert_eq!(told.lines().count(), 4);
    }

    #[test]
    fn beyond_loopback_a_token_is_required_unless_a_flag_says_so() {
        assert!(problems(&["--host", "0.0.0.0"]).contains("MCP_AUTH_TOKEN"));
        assert!(Config::parse(&flags(&["--host", "0.0.0.0", "--allow-unauthenticated"])).is_ok());
        let mut with_token = flags(&["--host", "0.0.0.0"]);
        with_token.auth_token = Some("0123456789abcdef".into());
        assert!(Config::parse(&with_token).is_ok());
    }

    #[test]
    fn what_is_wrong_with_named_tokens_is_told_without_a_hash() {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let single = token_entry("eve", "0123456789abcdef");
        let mut named =
            flags(&["--auth-tokens", &format!("alice={one},bob={one} alice={two}\n,carol={two}0,{single}")]);
        named.auth_token = Some("0123456789abcdef".into());
        let told = Config::parse(&named).unwrap_err().to_string();
        assert_eq!(told.lines().count(), 4, "{told}");
        for part in ["the token of bob is another's", "the name alice is there twice", "entry 4 ", "the token of eve"] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
        assert!(!told.contains("1111") && !told.contains("2222") && !told.contains(&single[4..]), "{told}");
    }

    #[test]
    fn what_is_wrong_with_oauth_is_told_at_once() {
        let told = problems(&[
            "--oauth-issuer",
            "http://issuer.example",
            "--oauth-resource",
            "mcp.example.com",
            "--oauth-jwks-url",
            "ftp://issuer.example/keys",
            "--oauth-algorithms",
            "none,HS256,ES256",
            "--oauth-read-scope",
            "two words",
        ]);
        assert_eq!(told.lines().count(), 6, "{told}");
        for part in ["ISSUER", "RESOURCE", "JWKS_URL", "\"none\" is not one of", "\"HS256\" is not", "READ_SCOPE"] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
        assert!(problems(&["--oauth-issuer", "https://issuer.example"]).contains("MCP_OAUTH_RESOURCE, both"));
        assert!(problems(&["--oauth-audience", "a"]).contains("MCP_OAUTH_AUDIENCE"));
    }

    #[test]
    fn the_resource_is_the_audience_unless_another_is_named() {
        let on = ["--oauth-issuer", "https://issuer.example", "--oauth-resource", "https://mcp.example.com/mcp"];
        let (config, _) = Config::parse(&flags(&[&on[..], &["--host", "0.0.0.0"]].concat())).unwrap();
        assert_eq!(config.access.oauth.unwrap().audiences, ["https://mcp.example.com/mcp"]);
        let (config, _) = Config::parse(&flags(&[&on[..], &["--oauth-audience", "a, b"]].concat())).unwrap();
        assert_eq!(config.access.oauth.unwrap().audiences, ["a", "b"]);
    }

    #[test]
    fn a_token_never_prints() {
        let mut with_token = flags(&[]);
        with_token.auth_token = Some("0123456789abcdef".into());
        let (config, _) = Config::parse(&with_token).unwrap();
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }
}
