//! MCP and REST clients for a running server: what the smoke test uses, and the developers' tools where they do the
//! same.
//!
//! The clients check what every caller would have to check, such as that a response is JSON. A response that differs
//! from the expected one is a [`Mismatch`].

mod mcp;
mod mismatch;
mod protocol_version;
mod rest;

pub use mcp::{INVALID_PARAMS, McpClient, ToolResult};
pub use mismatch::{Mismatch, ensure_equal};
pub use protocol_version::ProtocolVersion;
pub use rest::{Response, RestClient, as_initialize, send};
