//! The protocol versions that this server supports, and the header that names one.

use axum::http::{HeaderMap, HeaderName};
use rmcp::model::ProtocolVersion;
use serde_json::Value;

use crate::text::truncate;

/// The header with the negotiated protocol version.
pub(super) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// The supported protocol versions, oldest first.
///
/// 2024-11-05 defines another HTTP transport, which this server does not have. Clients that know no later version use
/// Streamable HTTP nevertheless (TypeScript SDK 1.10, mcp-remote up to 0.1.5), and end the connection if the server
/// answers with a later one.
pub(super) const PROTOCOL_VERSIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2024_11_05,
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// Returns the end of an error about an unsupported protocol version.
pub(super) fn supported_versions() -> String {
    let versions: Vec<&str> = PROTOCOL_VERSIONS.iter().map(ProtocolVersion::as_str).collect();
    format!("this server supports {}", versions.join(", "))
}

/// Removes the protocol version in the headers of `initialize`, if it is one of those with this handshake.
///
/// The header names the negotiated version, "on all subsequent requests" (MCP 2025-11-25, transports, section "Protocol
/// Version Header"). `initialize` negotiates it, and a server that supports the requested version must respond with it
/// (lifecycle, section "Version Negotiation"). rmcp rejects every header that differs from the request.
///
/// # Errors
/// The problem, if this server does not support the version. The specification requires a 400 then. The requested
/// version passes, because the response to it is another version.
pub(super) fn leave_version_to_handshake(headers: &mut HeaderMap, initialize: &Value) -> Result<(), String> {
    let mut values = headers.get_all(VERSION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Ok(()) };
    let known = PROTOCOL_VERSIONS.iter().find(|version| version.as_str().as_bytes() == value.as_bytes());
    match known {
        Some(version) if version.has_initialize() => {
            headers.remove(VERSION);
            Ok(())
        }
        Some(_) => Ok(()),
        None if initialize["params"]["protocolVersion"].as_str().map(str::as_bytes) == Some(value.as_bytes()) => Ok(()),
        None => {
            let version = String::from_utf8_lossy(value.as_bytes());
            Err(format!("unsupported MCP-Protocol-Version {}; {}", truncate(&version), supported_versions()))
        }
    }
}

/// Returns whether the headers name a protocol version whose results have a type.
pub(super) fn names_modern_version(headers: &HeaderMap) -> bool {
    headers.get(VERSION).is_some_and(|version| version.as_bytes() >= ProtocolVersion::V_2026_07_28.as_str().as_bytes())
}
