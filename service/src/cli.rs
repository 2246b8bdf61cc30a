//! The command line and the environment: the only file that reads either. Values stay text here; [`crate::config`] parses
//! them, so that all that is wrong is told at once.

use clap::{Args, Parser, Subcommand};

/// A stateful MCP server: session notes and a tool cache in DynamoDB, or in a file of its own.
///
/// Without a command it serves HTTP: MCP at /mcp, the REST routes at /mcp/call_tool, /mcp/list_tools and /mcp/health,
/// /healthz and /readyz; Prometheus metrics on a port of their own.
#[derive(Debug, Parser)]
#[command(name = "mcp-stateful", version)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub flags: Flags,
}

/// What else the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask a running server on this host whether it is alive; exit code 0 if it is, 1 if not. For images without a shell.
    Healthcheck {
        /// Ask whether it can serve (/readyz) instead of whether it is alive (/healthz).
        #[arg(long)]
        ready: bool,
    },
    /// Make a token for somebody: prints it, once, on standard output, and its entry of MCP_AUTH_TOKENS on standard error.
    NewToken {
        /// Whose it is; with that the sessions that it opens.
        name: String,
    },
    /// Make the table (on-demand, TTL on `expiresAt`) if it is not there.
    CreateTable,
}

/// Every setting, as text. A flag wins over its variable, a variable over the default.
#[derive(Debug, Args)]
pub struct Flags {
    /// Serve MCP on standard input and output instead of HTTP.
    #[arg(long)]
    pub stdio: bool,

    /// Address to listen on. Anything but loopback needs a token, named tokens or OAuth.
    #[arg(long, env = "MCP_HOST", default_value = "127.0.0.1", global = true)]
    pub host: String,
    /// Port to listen on; 0 takes any.
    #[arg(long, env = "MCP_PORT", default_value = "3333", global = true)]
    pub port: String,
    /// Address that serves /metrics.
    #[arg(long, env = "MCP_METRICS_HOST", default_value = "127.0.0.1")]
    pub metrics_host: String,
    /// Port that serves /metrics; 0 takes any, `off` none.
    #[arg(long, env = "MCP_METRICS_PORT", default_value = "9464")]
    pub metrics_port: String,

    /// Where the table lives: `embedded` (in this process, on a file) or `dynamodb` (AWS, or AWS_ENDPOINT_URL_DYNAMODB).
    #[arg(long, env = "MCP_STATE_BACKEND", default_value = "embedded", global = true)]
    pub state_backend: String,
    /// Name of the table.
    #[arg(long, env = "MCP_STATE_TABLE", default_value = "mcp_state", global = true)]
    pub state_table: String,
    /// File of the embedded store, or `:memory:`. [default: mcp-stateful/notes.db in the platform's data directory]
    #[arg(long, env = "MCP_STATE_PATH", global = true)]
    pub state_path: Option<String>,
    /// Seconds until a call to the table, retries included, fails.
    #[arg(long, env = "MCP_STORE_DEADLINE", default_value = "8")]
    pub store_deadline: String,

    /// Bearer token that callers must present. From the environment only: a command line can be read by everybody.
    #[arg(skip)]
    pub auth_token: Option<String>,
    /// Tokens of several callers, each with sessions of its own: `<name>=<SHA-256 of the token as 64 hex digits>`, separated
    /// by commas or spaces; `mcp-stateful new-token NAME` makes one.
    #[arg(long, env = "MCP_AUTH_TOKENS", hide_env_values = true)]
    pub auth_tokens: Option<String>,
    /// OAuth: issuer of the access tokens that are taken, to the letter as its metadata names it. Needs --oauth-resource.
    #[arg(long, env = "MCP_OAUTH_ISSUER")]
    pub oauth_issuer: Option<String>,
    /// OAuth: the address of /mcp as clients write it, such as `https://mcp.example.com/mcp`.
    #[arg(long, env = "MCP_OAUTH_RESOURCE")]
    pub oauth_resource: Option<String>,
    /// OAuth: audiences that a token may be made for, separated by commas or spaces. [default: --oauth-resource]
    #[arg(long, env = "MCP_OAUTH_AUDIENCE")]
    pub oauth_audience: Option<String>,
    /// OAuth: clients whose tokens are taken though they name no audience, as Cognito's do not; separated by commas or spaces.
    #[arg(long, env = "MCP_OAUTH_CLIENT_IDS")]
    pub oauth_client_ids: Option<String>,
    /// OAuth: where the issuer's keys are. [default: where its metadata says]
    #[arg(long, env = "MCP_OAUTH_JWKS_URL")]
    pub oauth_jwks_url: Option<String>,
    /// OAuth: how a token may be signed, of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA.
    #[arg(long, env = "MCP_OAUTH_ALGORITHMS", default_value = "RS256,ES256")]
    pub oauth_algorithms: String,
    /// OAuth: the scope that get_notes and echo_cached need.
    #[arg(long, env = "MCP_OAUTH_READ_SCOPE", default_value = "notes:read")]
    pub oauth_read_scope: String,
    /// OAuth: the scope that all other tools need.
    #[arg(long, env = "MCP_OAUTH_WRITE_SCOPE", default_value = "notes:write")]
    pub oauth_write_scope: String,
    /// Listen on any address without a token.
    #[arg(long, env = "MCP_ALLOW_UNAUTHENTICATED", value_parser = clap::builder::BoolishValueParser::new(),
          num_args = 0..=1, default_value = "false", default_missing_value = "true")]
    pub allow_unauthenticated: bool,
    /// Host names that a request's Host header may name, separated by commas; `*` allows all.
    /// [default: localhost and loopback addresses; IP addresses too where it listens on more than loopback]
    #[arg(long, env = "MCP_ALLOWED_HOSTS")]
    pub allowed_hosts: Option<String>,
    /// Origins that a browser's page may have, such as `https://app.example.com`, separated by commas; `*` allows all.
    /// [default: loopback origins where it listens on loopback, else none]
    #[arg(long, env = "MCP_ALLOWED_ORIGINS")]
    pub allowed_origins: Option<String>,

    /// Longest request body, in bytes.
    #[arg(long, env = "MCP_MAX_BODY_BYTES", default_value = "2097152")]
    pub max_body_bytes: String,
    /// Seconds until a request's head or body must be here; a connection that is idle, or an answer unread, for as long ends.
    #[arg(long, env = "MCP_BODY_TIMEOUT", default_value = "10")]
    pub body_timeout: String,
    /// Seconds until a request must be answered, its body's time included.
    #[arg(long, env = "MCP_REQUEST_TIMEOUT", default_value = "20")]
    pub request_timeout: String,
    /// Requests worked on at once; more are answered 503 with Retry-After.
    #[arg(long, env = "MCP_MAX_CONCURRENCY", default_value = "256")]
    pub max_concurrency: String,
    /// Most bytes of notes in one answer of get_notes; what is left over comes with a cursor.
    #[arg(long, env = "MCP_MAX_ANSWER_BYTES", default_value = "1048576")]
    pub max_answer_bytes: String,
    /// Seconds that a session of create_session lives; 2592000 are 30 days.
    #[arg(long, env = "MCP_SESSION_TTL", default_value = "2592000")]
    pub session_ttl: String,

    /// Format of the log: `auto` (for people on a terminal, JSON elsewhere), `human` or `json`.
    #[arg(long, env = "MCP_LOG_FORMAT", default_value = "auto")]
    pub log_format: String,
    /// What is logged, as `level` or `target=level,…`.
    #[arg(long, env = "MCP_LOG", default_value = "info")]
    pub log: String,
    /// What the server reports as its build.
    #[arg(long, env = "MCP_REVISION", default_value = "unknown")]
    pub revision: String,
    /// Whether NO_COLOR asks for a log without colours.
    #[arg(skip)]
    pub no_color: bool,
}

impl Cli {
    /// Reads the process's command line and environment; ends the process on `--help`, or with exit code 2 on a flag that
    /// is not known.
    #[expect(clippy::disallowed_methods, reason = "the door to the environment")]
    pub fn from_process() -> Self {
        let mut cli = Self::parse();
        // What is not UTF-8 stays a token, and is refused as one: nobody meant to go without.
        cli.flags.auth_token = std::env::var_os("MCP_AUTH_TOKEN").map(|token| token.to_string_lossy().into_owned());
        cli.flags.no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        cli
    }
}
