//! What the tests stand on: the binary as a process, a DynamoDB endpoint whose faults they choose, and clients.

pub(crate) mod dynamodb;
pub(crate) mod held;
pub(crate) mod issuer;
pub(crate) mod mcp_client;
pub(crate) mod server;
pub(crate) mod writer;

use serde_json::{Value, json};

/// A session name of its own for each test.
pub(crate) fn fresh(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4())
}

/// The body of a REST call.
pub(crate) fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}
