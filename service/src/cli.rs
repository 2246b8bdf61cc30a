//! The command line and the environment, which no other file reads. Values that can be invalid stay text here:
//! [`crate::config`] parses them, so that all invalid settings are reported together.

mod misspelled;

use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

/// A stateful MCP server: session notes and a tool cache in DynamoDB, or in an embedded database file.
///
/// Without a command, serves HTTP: MCP at /mcp, REST at /mcp/call_tool, /mcp/list_tools and /mcp/health,
/// health checks at /healthz and /readyz. Prometheus metrics have a port of their own.
#[derive(Debug, Parser)]
#[command(name = "mcp-stateful", version)]
pub struct Cli {
    /// The command to run instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub flags: Flags,
    /// Unknown variables that resemble a setting, each with that setting's name.
    #[arg(skip)]
    pub misspelled: Vec<(String, String)>,
}

/// The commands beside serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a running server on this host, for images without a shell. Exit code 0 if it is healthy, 1 if not.
    Healthcheck {
        /// Check that the table responds (/readyz), not only that the process is alive (/healthz).
        #[arg(long)]
        ready: bool,
    },
    /// Generate a named token. Prints the token on standard output and its entry for MCP_AUTH_TOKENS on standard error.
    NewToken {
        /// Name of the token's owner. Each name has its own sessions.
        name: String,
    },
    /// Check the settings. Exit code 0 if they are valid, 2 if not.
    CheckConfig,
    /// Create the table (on-demand, TTL on `expiresAt`) if it does not exist.
    CreateTable,
    /// Save the notes of the embedded store to a file, also while a server uses them. Verifies the file.
    Backup {
        /// File to create.
        file: PathBuf,
    },
    /// Replace the embedded store by a backup. No server may use it. Keeps the replaced file.
    Restore {
        /// File from `mcp-stateful backup`.
        file: PathBuf,
    },
    /// Check that a backup is whole, and count its notes and sessions.
    Verify {
        /// File from `mcp-stateful backup`.
        file: PathBuf,
    },
}

/// Every setting, as text. A flag overrides its variable, a variable overrides the default.
#[derive(Debug, Args)]
pub struct Flags {
    /// Serve MCP on standard input and output instead of HTTP.
    #[arg(long)]
    pub stdio: bool,

    /// Address to listen on. An address that is not loopback requires a token, named tokens or OAuth.
    #[arg(long, env = "MCP_HOST", default_value = "127.0.0.1", global = true)]
    pub host: String,
    /// Port to listen on; 0 picks a free one.
    #[arg(long, env = "MCP_PORT", default_value = "3333", global = true)]
    pub port: String,
    /// Address that serves /metrics.
    #[arg(long, env = "MCP_METRICS_HOST", default_value = "127.0.0.1")]
    pub metrics_host: String,
    /// Port that serves /metrics; 0 picks a free one, `off` disables it.
    #[arg(long, env = "MCP_METRICS_PORT", default_value = "9464")]
    pub metrics_port: String,

    /// Backend of the table: `embedded` (a file of this process) or `dynamodb` (AWS, or AWS_ENDPOINT_URL_DYNAMODB).
    #[arg(long, env = "MCP_STATE_BACKEND", default_value = "embedded", global = true)]
    pub state_backend: String,
    /// Name of the table.
    #[arg(long, env = "MCP_STATE_TABLE", default_value = "mcp_state", global = true)]
    pub state_table: String,
    /// File of the embedded table; `:memory:` for none. [default: mcp-stateful/notes.db in the platform's
    /// data directory]
    #[arg(long, env = "MCP_STATE_PATH", global = true)]
    pub state_path: Option<String>,
    /// Time limit of a call to the table in seconds, including retries.
    #[arg(long, env = "MCP_STORE_DEADLINE", default_value = "8")]
    pub store_deadline: String,
    /// `on`, or `off` to serve every MCP call with rmcp and every DynamoDB request with the AWS SDK. Slower;
    /// rules out a defect in the fast paths.
    #[arg(long, env = "MCP_FAST_PATHS", default_value = "on")]
    pub fast_paths: String,

    /// Bearer token that callers must present. Has no flag, because every user of a machine can read its command lines.
    #[arg(skip)]
    pub auth_token: Option<String>,
    /// Named tokens, each with its own sessions: `<name>=<SHA-256 of the token as 64 hex digits>`, separated
    /// by commas or spaces. `mcp-stateful new-token NAME` generates one.
    #[arg(long, env = "MCP_AUTH_TOKENS", hide_env_values = true)]
    pub auth_tokens: Option<String>,
    /// OAuth: issuer of the accepted access tokens, exactly as in its metadata. Requires --oauth-resource.
    #[arg(long, env = "MCP_OAUTH_ISSUER")]
    pub oauth_issuer: Option<String>,
    /// OAuth: URL of /mcp as clients configure it, such as `https://mcp.example.com/mcp`. Requires --oauth-issuer.
    #[arg(long, env = "MCP_OAUTH_RESOURCE")]
    pub oauth_resource: Option<String>,
    /// OAuth: accepted audiences, separated by commas or spaces. [default: --oauth-resource]
    #[arg(long, env = "MCP_OAUTH_AUDIENCE")]
    pub oauth_audience: Option<String>,
    /// OAuth: clients whose tokens are accepted without an audience, as Cognito issues them, separated by
    /// commas or spaces.
    #[arg(long, env = "MCP_OAUTH_CLIENT_IDS")]
    pub oauth_client_ids: Option<String>,
    /// OAuth: URL of the issuer's keys. [default: `jwks_uri` of the issuer's metadata]
    #[arg(long, env = "MCP_OAUTH_JWKS_URL")]
    pub oauth_jwks_url: Option<String>,
    /// OAuth: accepted signature algorithms, of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA.
    #[arg(long, env = "MCP_OAUTH_ALGORITHMS", default_value = "RS256,ES256")]
    pub oauth_algorithms: String,
    /// OAuth: scope that permits get_notes and echo_cached.
    #[arg(long, env = "MCP_OAUTH_READ_SCOPE", default_value = "notes:read")]
    pub oauth_read_scope: String,
    /// OAuth: scope that permits all other tools.
    #[arg(long, env = "MCP_OAUTH_WRITE_SCOPE", default_value = "notes:write")]
    pub oauth_write_scope: String,
    /// Listen on any address without a token.
    #[arg(long, env = "MCP_ALLOW_UNAUTHENTICATED", value_parser = clap::builder::BoolishValueParser::new(),
          num_args = 0..=1, default_value = "false", default_missing_value = "true")]
    pub allow_unauthenticated: bool,
    /// Limit of failed authentications of each client address: `off`, or failures a second or minute and at once.
    #[arg(long, env = "MCP_AUTH_FAILURE_LIMIT", default_value = "60/min,burst=100")]
    pub auth_failure_limit: String,
    /// Front that clients connect to: `none`, `http-api`, `alb` or `cloudfront`. Decides which header names the
    /// client's address. Only the front may be able to connect to the server.
    #[arg(long, env = "MCP_FRONT", default_value = "none")]
    pub front: String,
    /// Networks of allowed clients, such as `203.0.113.0/24,2001:db8::/32`, separated by commas or spaces. Others get a
    /// 403, except for health checks. [default: all]
    #[arg(long, env = "MCP_ALLOWED_CLIENTS")]
    pub allowed_clients: Option<String>,
    /// Allowed Host headers, separated by commas; `*` allows all.
    /// [default: localhost and loopback addresses; all IP addresses too if it listens on more than loopback;
    /// behind a front the host of --oauth-resource, or all]
    #[arg(long, env = "MCP_ALLOWED_HOSTS")]
    pub allowed_hosts: Option<String>,
    /// Allowed origins of web pages, such as `https://app.example.com`, separated by commas; `*` allows all.
    /// [default: loopback origins if it listens on loopback, none otherwise]
    #[arg(long, env = "MCP_ALLOWED_ORIGINS")]
    pub allowed_origins: Option<String>,

    /// Size limit of a request body in bytes. The default has room for the longest note with every character escaped.
    #[arg(long, env = "MCP_MAX_BODY_BYTES", default_value = "2400000")]
    pub max_body_bytes: String,
    /// Time limit in seconds to receive a request's head or body, and to read a response.
    #[arg(long, env = "MCP_BODY_TIMEOUT", default_value = "10")]
    pub body_timeout: String,
    /// Time limit of a request in seconds, including its body.
    #[arg(long, env = "MCP_REQUEST_TIMEOUT", default_value = "20")]
    pub request_timeout: String,
    /// Time in seconds for which an idle connection is kept.
    #[arg(long, env = "MCP_KEEP_ALIVE", default_value = "75")]
    pub keep_alive: String,
    /// Time in seconds from SIGTERM until the drain. Meanwhile /readyz is 503 and everything else is served. A second
    /// signal ends it.
    #[arg(long, env = "MCP_LAME_DUCK", default_value = "0")]
    pub lame_duck: String,
    /// Limit of open connections; at the limit the longest idle one is closed for a new one.
    /// [default: what the limits of file descriptors and of the cgroup's memory permit]
    #[arg(long, env = "MCP_MAX_CONNECTIONS")]
    pub max_connections: Option<String>,
    /// Limit of concurrent requests; further ones get a 503 with Retry-After.
    #[arg(long, env = "MCP_MAX_CONCURRENCY", default_value = "256")]
    pub max_concurrency: String,
    /// Rate limit of each caller at this replica: `off`, or requests a second and at once, such as `100/s,burst=500`.
    #[arg(long, env = "MCP_RATE_LIMIT", default_value = "off")]
    pub rate_limit: String,
    /// Size limit of the notes in one result of get_notes in bytes; a cursor leads to the rest.
    #[arg(long, env = "MCP_MAX_ANSWER_BYTES", default_value = "1048576")]
    pub max_answer_bytes: String,
    /// Lifetime of a session from create_session in seconds; 2592000 is 30 days.
    #[arg(long, env = "MCP_SESSION_TTL", default_value = "2592000")]
    pub session_ttl: String,

    /// Format of the log: `auto` (`human` on a terminal, `json` elsewhere), `human` or `json`.
    #[arg(long, env = "MCP_LOG_FORMAT", default_value = "auto")]
    pub log_format: String,
    /// Log filter, as `level` or `target=level,…`.
    #[arg(long, env = "MCP_LOG", default_value = "info")]
    pub log: String,
    /// Revision that /healthz and the metrics report.
    #[arg(long, env = "MCP_REVISION", default_value = "unknown")]
    pub revision: String,
    /// NO_COLOR is set: the log has no colours.
    #[arg(skip)]
    pub no_color: bool,
}

impl Cli {
    /// Reads the command line and the environment of the process, for the command that `describe` returns. Ends the
    /// process on `--help`, and with exit code 2 on an unknown flag.
    #[expect(clippy::disallowed_methods, reason = "the only access to the environment")]
    pub fn from_process(describe: impl FnOnce(clap::Command) -> clap::Command) -> Self {
        let mut command = describe(Self::command());
        let matches = command.get_matches_mut();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit());
        // A token that is not UTF-8 must be rejected as invalid; ignoring it would leave the server open.
        cli.flags.auth_token = std::env::var_os("MCP_AUTH_TOKEN").map(|token| token.to_string_lossy().into_owned());
        cli.flags.no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        cli.misspelled = misspelled::find(variables, &Self::variables());
        cli
    }

    /// Returns the name of every variable that is a setting.
    fn variables() -> Vec<String> {
        let from_flags = Self::command();
        let from_flags = from_flags.get_arguments().filter_map(|flag| flag.get_env()?.to_str().map(str::to_owned));
        from_flags.chain(["MCP_AUTH_TOKEN".to_owned()]).collect()
    }
}

impl Flags {
    /// Returns the names under which an operator knows the setting of a field: `--port (MCP_PORT)`.
    pub(crate) fn label(field: &str) -> String {
        let command = Cli::command();
        let flag = command.get_arguments().find(|flag| flag.get_id() == field);
        match flag.and_then(|flag| Some((flag.get_long()?, flag.get_env()?))) {
            Some((flag, variable)) => format!("--{flag} ({})", variable.display()),
            // Only the variable exists.
            None => format!("MCP_{}", field.to_ascii_uppercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_names_flag_and_variable() {
        assert_eq!(Flags::label("metrics_port"), "--metrics-port (MCP_METRICS_PORT)");
        assert_eq!(Flags::label("auth_token"), "MCP_AUTH_TOKEN");
    }

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
