//! The targets of the service's log lines. Filters in `MCP_LOG` and log queries name them, so each log call passes its
//! target explicitly and moving a module changes no filter.
//!
//! | target | lines |
//! | --- | --- |
//! | `mcp_stateful::serve` | start, listening addresses, end |
//! | `mcp_stateful::config` | settings that are ignored |
//! | `mcp_stateful::process` | the signal to stop |
//! | `mcp_stateful::http::listener` | connections that fail or do not end in time |
//! | `mcp_stateful::http::rate_limit` | principals over their rate limit, once a minute |
//! | `mcp_stateful::http::client_policy` | rejected clients, once a minute |
//! | `mcp_stateful::http::auth_failures` | clients over the limit of failed authentications, once a minute |
//! | `mcp_stateful::tools::observe` | one line for each tool call |
//! | `mcp_stateful::tools::error` | an error of a tool, or a request of one, with its causes |
//! | `mcp_stateful::tools::create_session` | a handle that cannot be created |
//! | `mcp_stateful::store::error` | a failed call to the table, with its cause |
//! | `mcp_stateful::store::notes` | a session item that cannot be updated |
//! | `mcp_stateful::store::credentials` | rejected AWS credentials |
//! | `mcp_stateful::store::embedded` | the embedded store's disk and expired items |
//! | `mcp_stateful::oauth::store` | the authorization server's keys |
//! | `mcp_stateful::telemetry::log` | panics |

/// Start, listening addresses and end of the service.
pub const SERVE: &str = "mcp_stateful::serve";
/// Settings that are ignored.
pub const CONFIG: &str = "mcp_stateful::config";
/// The signal to stop.
pub const PROCESS: &str = "mcp_stateful::process";
/// Connections that fail or do not end in time.
pub const LISTENER: &str = "mcp_stateful::http::listener";
/// Principals over their rate limit.
pub const RATE_LIMIT: &str = "mcp_stateful::http::rate_limit";
/// Rejected clients.
pub const CLIENT_POLICY: &str = "mcp_stateful::http::client_policy";
/// Clients over the limit of failed authentications.
pub const AUTH_FAILURES: &str = "mcp_stateful::http::auth_failures";
/// One line for each tool call.
pub const TOOL_CALL: &str = "mcp_stateful::tools::observe";
/// An error of a tool, or a request of one, with its causes.
pub const TOOL_ERROR: &str = "mcp_stateful::tools::error";
/// A handle that cannot be created.
pub const CREATE_SESSION: &str = "mcp_stateful::tools::create_session";
/// A failed call to the table, with its cause.
pub const STORE: &str = "mcp_stateful::store::error";
/// A session item that cannot be updated.
pub const NOTES: &str = "mcp_stateful::store::notes";
/// Rejected AWS credentials.
pub const CREDENTIALS: &str = "mcp_stateful::store::credentials";
/// The embedded store's disk and expired items.
pub const EMBEDDED: &str = "mcp_stateful::store::embedded";
/// The authorization server's keys. The name is older than the module's.
pub const OAUTH_KEYS: &str = "mcp_stateful::oauth::store";
/// Panics.
pub const PANIC: &str = "mcp_stateful::telemetry::log";
