//! The configuration: one struct per concern, parsed from text. All invalid settings are reported together,
//! each with flag and variable.

mod access;
mod front;
mod limits;
mod log;
mod networks;
mod oauth;
mod problems;
mod rate_limit;
mod secret;
mod state;
mod tokens;

use std::net::SocketAddr;

pub use access::{AccessConfig, Allowed};
pub use front::{CLIENT_IP_HEADER, ClientSource, Front, FrontFacts};
pub use limits::{DRAIN, Limits};
pub use log::{LogConfig, LogFormat};
pub(crate) use oauth::web_address;
pub use oauth::{METADATA_PATH, OAuthConfig, Resource};
pub use problems::ConfigError;
pub use rate_limit::RateLimit;
pub use secret::Secret;
pub use state::{Backend, StateConfig};
pub use tokens::{NamedToken, is_token_name, token_entry};

use crate::cli::Flags;
use problems::{Problems, setting};

/// The configuration of the service.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The address that serves the metrics, if any.
    pub metrics: Option<SocketAddr>,
    /// The authentication of callers, and the allowed clients, hosts and origins.
    pub access: AccessConfig,
    /// The limits of a request.
    pub limits: Limits,
    /// The table.
    pub state: StateConfig,
    /// Use the fast paths for MCP calls and DynamoDB requests; otherwise rmcp and the AWS SDK handle all of them.
    pub fast_paths: bool,
    /// The revision that the service reports.
    pub revision: String,
}

impl Config {
    /// Parses every setting.
    ///
    /// ```
    /// use clap::Parser;
    /// use mcp_stateful::{cli::Cli, config::Config};
    ///
    /// let cli = Cli::parse_from(["mcp-stateful", "--port", "8080"]);
    /// let (config, _log) = Config::parse(&cli.flags)?;
    /// assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    ///
    /// // All problems are reported together.
    /// let cli = Cli::parse_from(["mcp-stateful", "--port", "x", "--max-concurrency", "0"]);
    /// let error = Config::parse(&cli.flags).unwrap_err().to_string();
    /// assert!(error.contains("--port (MCP_PORT)") && error.contains("--max-concurrency"));
    /// # Ok::<(), mcp_stateful::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] with every problem.
    pub fn parse(flags: &Flags) -> Result<(Self, LogConfig), ConfigError> {
        let mut problems = Problems::default();
        let host = problems.address(setting!(flags.host));
        let listen = SocketAddr::new(host, problems.number(setting!(flags.port), 0..=u16::MAX));
        let metrics = metrics_address(&mut problems, flags);
        let access = access::parse(&mut problems, flags, listen.ip());
        let limits = limits::parse(&mut problems, flags);
        let state = state::parse(&mut problems, flags);
        let fast_paths = problems.choice(setting!(flags.fast_paths), &[("on", true), ("off", false)]).unwrap_or(true);
        let log = log::parse(&mut problems, flags);
        problems.finish()?;
        Ok((Self { listen, metrics, access, limits, state, fast_paths, revision: flags.revision.clone() }, log))
    }
}

fn metrics_address(problems: &mut Problems, flags: &Flags) -> Option<SocketAddr> {
    if flags.metrics_port.eq_ignore_ascii_case("off") {
        return None;
    }
    let host = problems.address(setting!(flags.metrics_host));
    Some(SocketAddr::new(host, problems.number(setting!(flags.metrics_port), 0..=u16::MAX)))
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
    fn defaults_match_the_v1_server() {
        let (config, _) = Config::parse(&flags(&[])).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3333");
        assert_eq!(config.state.table, "mcp_state");
        assert!(config.state.backend.is_embedded());
    }

    #[test]
    fn choices_are_case_insensitive() {
        let (config, _) = Config::parse(&flags(&["--state-backend", "DYNAMODB", "--fast-paths", "OFF"])).unwrap();
        assert_eq!((config.state.backend, config.fast_paths), (Backend::DynamoDb, false));
    }

    #[test]
    fn all_problems_are_reported_by_name() {
        let mistakes = ["--port", "x", "--state-backend", "redis", "--max-concurrency", "0", "--log-format", "xml"];
        let reported = problems(&[&mistakes[..], &["--fast-paths", "maybe"]].concat());
        for part in [
            "--port (MCP_PORT)",
            "--state-backend (MCP_STATE_BACKEND)",
            "\"redis\"",
            "--max-concurrency",
            "--log-format",
            "--fast-paths (MCP_FAST_PATHS)",
        ] {
            assert!(reported.contains(part), "{part} is missing in:\n{reported}");
        }
        assert_eq!(reported.lines().count(), 5);
    }

    #[test]
    fn public_address_requires_a_token_or_the_flag() {
        assert!(problems(&["--host", "0.0.0.0"]).contains("MCP_AUTH_TOKEN"));
        assert!(Config::parse(&flags(&["--host", "0.0.0.0", "--allow-unauthenticated"])).is_ok());
        let mut with_token = flags(&["--host", "0.0.0.0"]);
        with_token.auth_token = Some("0123456789abcdef".into());
        assert!(Config::parse(&with_token).is_ok());
    }

    #[test]
    fn loopback_behind_a_front_requires_credentials() {
        let reported = problems(&["--front", "ALB"]);
        assert!(reported.contains("serves the clients of a front without authentication"), "{reported}");
        assert!(problems(&["--front", "nginx"]).contains("expected one of none, http-api, alb, cloudfront"));
    }

    #[test]
    fn resource_behind_a_front_is_https() {
        let with = |resource: &str| {
            let oauth = ["--oauth-issuer", "https://issuer.example", "--oauth-resource", resource];
            Config::parse(&flags(&[&oauth[..], &["--front", "alb"]].concat())).map(drop)
        };
        assert!(with("HTTPS://mcp.example.com/mcp").is_ok());
        let reported = with("http://localhost/mcp").unwrap_err().to_string();
        assert!(reported.contains("MCP_OAUTH_RESOURCE") && reported.contains("expected https:// with MCP_FRONT=alb"));
    }

    #[test]
    fn lame_duck_and_drain_fit_the_stop_timeout() {
        assert!(Config::parse(&flags(&["--lame-duck", "90"])).is_ok());
        let reported = problems(&["--lame-duck", "91"]);
        for part in ["--lame-duck (MCP_LAME_DUCK): 91 s", "drain of 22 s", "stopTimeout of ECS, 120 s", "at most 90"] {
            assert!(reported.contains(part), "{part} is missing in:\n{reported}");
        }
    }

    #[test]
    fn invalid_named_tokens_are_reported_without_hashes() {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let single = token_entry("eve", "0123456789abcdef");
        let mut named =
            flags(&["--auth-tokens", &format!("alice={one},bob={one} alice={two}\n,carol={two}0,{single}")]);
        named.auth_token = Some("0123456789abcdef".into());
        let reported = Config::parse(&named).unwrap_err().to_string();
        assert_eq!(reported.lines().count(), 4, "{reported}");
        for part in ["duplicate token: the one of bob", "duplicate name alice", "invalid entry 4", "the one of eve"] {
            assert!(reported.contains(part), "{part} is missing in:\n{reported}");
        }
        assert!(
            !reported.contains("1111") && !reported.contains("2222") && !reported.contains(&single[4..]),
            "{reported}"
        );
    }

    #[test]
    fn invalid_oauth_settings_are_reported_together() {
        let reported = problems(&[
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
        assert_eq!(reported.lines().count(), 6, "{reported}");
        for part in ["ISSUER", "RESOURCE", "JWKS_URL", "algorithm \"none\"", "algorithm \"HS256\"", "READ_SCOPE"] {
            assert!(reported.contains(part), "{part} is missing in:\n{reported}");
        }
        assert!(
            problems(&["--oauth-issuer", "https://issuer.example"])
                .contains("set MCP_OAUTH_ISSUER and MCP_OAUTH_RESOURCE")
        );
        assert!(problems(&["--oauth-audience", "a"]).contains("MCP_OAUTH_AUDIENCE"));
    }

    #[test]
    fn resource_is_the_default_audience() {
        let on = ["--oauth-issuer", "https://issuer.example", "--oauth-resource", "https://mcp.example.com/mcp"];
        let (config, _) = Config::parse(&flags(&[&on[..], &["--host", "0.0.0.0"]].concat())).unwrap();
        assert_eq!(config.access.oauth.unwrap().audiences, ["https://mcp.example.com/mcp"]);
        let (config, _) = Config::parse(&flags(&[&on[..], &["--oauth-audience", "a, b"]].concat())).unwrap();
        assert_eq!(config.access.oauth.unwrap().audiences, ["a", "b"]);
    }

    #[test]
    fn debug_output_omits_the_token() {
        let mut with_token = flags(&[]);
        with_token.auth_token = Some("0123456789abcdef".into());
        let (config, _) = Config::parse(&with_token).unwrap();
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }
}
