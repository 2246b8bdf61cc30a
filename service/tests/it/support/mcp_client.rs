//! The client of rmcp, for both protocol versions.

use rmcp::{
    RoleClient, ServiceExt,
    model::{self, CallToolRequestParams, CallToolResult},
    service::{ClientLifecycleMode, ClientServiceExt, RunningService, ServiceError},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::Value;

use super::server::{Server, TOKEN};

/// The protocol version that a client negotiates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ProtocolVersion {
    /// 2025-11-25, the last one that begins with `initialize`.
    V2025_11_25,
    /// 2026-07-28, with `server/discover` and `_meta` in every request.
    V2026_07_28,
}

pub(crate) type Client = RunningService<RoleClient, ()>;

pub(crate) async fn connect(server: &Server, version: ProtocolVersion) -> Client {
    connect_as(server, TOKEN, version).await
}

pub(crate) async fn connect_as(server: &Server, token: &str, version: ProtocolVersion) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", server.url)).auth_header(token);
    let transport = StreamableHttpClientTransport::from_config(config);
    match version {
        ProtocolVersion::V2025_11_25 => ().serve(transport).await.unwrap(),
        ProtocolVersion::V2026_07_28 => {
            let preferred_versions = vec![model::ProtocolVersion::V_2026_07_28];
            ().serve_with_lifecycle(transport, ClientLifecycleMode::Discover { preferred_versions }).await.unwrap()
        }
    }
}

/// Calls a tool.
pub(crate) async fn tool(
    client: &Client,
    name: &'static str,
    arguments: Value,
) -> Result<CallToolResult, ServiceError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await
}

/// The first text of a result.
pub(crate) fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}
