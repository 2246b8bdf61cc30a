//! Test support: the binary as a process, a DynamoDB endpoint with injectable faults, and clients.

pub(crate) mod dynamodb;
pub(crate) mod fixture;
pub(crate) mod front;
pub(crate) mod held;
pub(crate) mod issuer;
pub(crate) mod mcp_client;
pub(crate) mod server;
pub(crate) mod writer;

use serde_json::{Value, json};

/// The variable that runs the whole suite with the service's fast paths off: `MCP_TEST_FAST_PATHS=off cargo test`.
const FAST_PATHS: &str = "MCP_TEST_FAST_PATHS";

/// Returns false if the suite runs with the service's fast paths off.
///
/// Every store and every server of the tests follows the variable. A value other than `on` and `off` panics, so that a
/// typo does not select a mode silently.
pub(crate) fn fast_path() -> bool {
    match std::env::var(FAST_PATHS).as_deref() {
        Err(_) | Ok("on") => true,
        Ok("off") => false,
        Ok(other) => panic!("invalid {FAST_PATHS} {other:?}: expected on or off"),
    }
}

/// Returns a session name that no other test uses.
pub(crate) fn fresh(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4())
}

/// The body of a REST call.
pub(crate) fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}
