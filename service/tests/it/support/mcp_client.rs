//! rmcp's own client, in both eras.

use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, CallToolResult, ProtocolVersion},
    service::{ClientLifecycleMode, ClientServiceExt, RunningService, ServiceError},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::Value;

use super::server::{Server, TOKEN};

/// How a client opens the conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Era {
    /// `initialize`, up to 2025-11-25.
    Legacy,
    /// `server/discover` and `_meta` on every request, from 2026-07-28.
    Modern,
}

pub(crate) type Client = RunningService<RoleClient, ()>;

pub(crate) async fn connect(server: &Server, era: Era) -> Client {
    connect_as(server, TOKEN, era).await
}

pub(crate) async fn connect_as(server: &Server, token: &str, era: Era) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", server.url)).auth_header(token);
    let transport = StreamableHttpClientTransport::from_config(config);
    match era {
        Era::Legacy => ().serve(transport).await.unwrap(),
        Era::Modern => {
            let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
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
