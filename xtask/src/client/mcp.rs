//! The MCP client: rmcp, with responses in the form that checks need.

use std::{borrow::Cow, time::Duration};

use rmcp::{
    ClientServiceExt, RoleClient, ServiceError,
    model::{CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, Implementation, Tool},
    service::RunningService,
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::Value;

use super::{Mismatch, ProtocolVersion};
use crate::{http, token::Token};

/// `JSON-RPC` code for invalid parameters. MCP uses it for unknown tools.
pub const INVALID_PARAMS: i32 = -32602;

/// A connected client.
#[derive(Debug)]
pub struct McpClient {
    service: RunningService<RoleClient, ClientConfig>,
}

/// The result of a tool call.
#[derive(Debug, PartialEq)]
pub struct ToolResult {
    /// The text of its one text content.
    pub text: String,
    /// Structured content, or null.
    pub structured: Value,
    pub is_error: bool,
}

impl McpClient {
    /// Connects to an address without `/mcp` and negotiates the protocol version.
    pub async fn connect(url: &str, token: Option<&Token>, version: ProtocolVersion) -> Result<Self, Mismatch> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(format!("{url}/mcp"));
        if let Some(token) = token {
            config = config.auth_header(token.reveal());
        }
        let http = http::client(url).map_err(|error| Mismatch::new("an HTTP client", format!("{error:#}")))?;
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let implementation = Implementation::new("xtask", env!("CARGO_PKG_VERSION"));
        let handler =
            ClientConfig::new(ClientCapabilities::default(), implementation).with_protocol_version(version.model());
        let service = handler.serve_with_lifecycle(transport, version.lifecycle()).await;
        let service = service.map_err(|error| {
            Mismatch::new("a connection", http::explain(&error)).hint("inspect the service's log for the rejection")
        })?;
        Ok(Self { service })
    }

    /// The protocol version that both sides agreed on.
    pub fn protocol_version(&self) -> Option<String> {
        self.service.peer_info().map(|info| info.protocol_version.to_string())
    }

    /// Lists all tools.
    pub async fn tools(&self) -> Result<Vec<Tool>, Mismatch> {
        self.service.list_all_tools().await.map_err(|error| failed("a list of tools", &error))
    }

    /// Calls a tool and expects a result.
    pub async fn call(&self, tool: &'static str, arguments: Value) -> Result<ToolResult, Mismatch> {
        let result =
            self.service.call_tool(params(tool, arguments)).await.map_err(|error| failed("a result", &error))?;
        tool_result(result)
    }

    /// Calls a tool, expects a JSON-RPC error and returns its code.
    pub async fn call_rejected(&self, tool: &'static str, arguments: Value) -> Result<i32, Mismatch> {
        match self.service.call_tool(params(tool, arguments)).await {
            Err(ServiceError::McpError(error)) => Ok(error.code.0),
            Err(error) => Err(failed("a JSON-RPC error", &error)),
            Ok(result) => Err(Mismatch::new("a JSON-RPC error", format!("a result: {:?}", result.content))),
        }
    }

    /// Calls a tool and passes if the call is refused: as the error of a tool, or as invalid parameters.
    pub async fn ensure_refused(&self, tool: &str, arguments: Value) -> Result<(), Mismatch> {
        let expected = "isError or -32602";
        match self.service.call_tool(params(tool.to_owned(), arguments)).await {
            Ok(result) if result.is_error == Some(true) => Ok(()),
            Ok(result) => Err(Mismatch::new(expected, format!("a result: {:?}", result.content))),
            Err(ServiceError::McpError(error)) if error.code.0 == INVALID_PARAMS => Ok(()),
            Err(error) => Err(failed(expected, &error)),
        }
    }

    /// Closes the connection.
    pub async fn close(mut self) {
        drop(self.service.close_with_timeout(Duration::from_secs(2)).await);
    }
}

impl ToolResult {
    /// Passes if it is a success with exactly this text and structured content.
    pub fn ensure(&self, text: &str, structured: &Value) -> Result<(), Mismatch> {
        let expected = Self { text: text.to_owned(), structured: structured.clone(), is_error: false };
        if *self == expected { Ok(()) } else { Err(Mismatch::new(expected.to_string(), self.to_string())) }
    }
}

impl std::fmt::Display for ToolResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_error { "error" } else { "result" };
        write!(f, "{kind} {:?} with {}", self.text, self.structured)
    }
}

fn params(tool: impl Into<Cow<'static, str>>, arguments: Value) -> CallToolRequestParams {
    let params = CallToolRequestParams::new(tool);
    match arguments {
        Value::Object(arguments) => params.with_arguments(arguments),
        _ => params,
    }
}

fn tool_result(result: CallToolResult) -> Result<ToolResult, Mismatch> {
    let [content] = &result.content[..] else {
        return Err(Mismatch::new("one content", result.content.len().to_string()));
    };
    let text = content.as_text().ok_or_else(|| Mismatch::new("text content", format!("{content:?}")))?;
    Ok(ToolResult {
        text: text.text.clone(),
        structured: result.structured_content.unwrap_or(Value::Null),
        is_error: result.is_error.unwrap_or(false),
    })
}

fn failed(expected: &str, error: &ServiceError) -> Mismatch {
    Mismatch::new(expected, http::explain(error))
}
