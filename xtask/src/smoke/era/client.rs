//! rmcp's client, reduced to what the checks ask of it. Judges nothing.

use rmcp::{
    ClientServiceExt, RoleClient, ServiceError,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, Implementation, ProtocolVersion, Tool,
    },
    service::{ClientLifecycleMode, RunningService},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::Value;

use super::{
    super::{runner::Finding, target::Target},
    Era,
};
use crate::http;

/// A connected client.
#[derive(Debug)]
pub(crate) struct Client {
    service: RunningService<RoleClient, ClientConfig>,
}

/// What a tool answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    /// The text of its one text content.
    pub(crate) text: String,
    pub(crate) structured: Value,
    pub(crate) is_error: bool,
}

impl Client {
    pub(crate) async fn connect(target: &Target, era: Era) -> Result<Self, Finding> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(target.mcp_url());
        if let Some(token) = target.token() {
            config = config.auth_header(token);
        }
        let http = http::client(target.url()).map_err(|error| Finding::new("an http client", format!("{error:#}")))?;
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let me = Implementation::new("xtask", env!("CARGO_PKG_VERSION"));
        let handler = ClientConfig::new(ClientCapabilities::default(), me).with_protocol_version(era.protocol());
        let service = handler.serve_with_lifecycle(transport, era.lifecycle()).await;
        let service = service.map_err(|error| {
            Finding::new("a connection", http::explain(&error)).hint("the service's log says what it refused")
        })?;
        Ok(Self { service })
    }

    /// The revision that both sides settled on.
    pub(crate) fn revision(&self) -> Option<String> {
        self.service.peer_info().map(|info| info.protocol_version.to_string())
    }

    pub(crate) async fn tools(&self) -> Result<Vec<Tool>, Finding> {
        self.service.list_all_tools().await.map_err(|error| failed("a list of tools", &error))
    }

    /// Calls a tool that must answer.
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> Result<Answer, Finding> {
        let result =
            self.service.call_tool(params(tool, arguments)).await.map_err(|error| failed("a result", &error))?;
        answer(result)
    }

    /// Calls a tool that must be refused, and returns the code.
    pub(crate) async fn refused(&self, tool: &'static str, arguments: Value) -> Result<i32, Finding> {
        match self.service.call_tool(params(tool, arguments)).await {
            Err(ServiceError::McpError(error)) => Ok(error.code.0),
            Err(error) => Err(failed("a JSON-RPC error", &error)),
            Ok(result) => Err(Finding::new("a JSON-RPC error", format!("a result: {:?}", result.content))),
        }
    }

    pub(crate) async fn close(mut self) {
        drop(self.service.close_with_timeout(std::time::Duration::from_secs(2)).await);
    }
}

impl Era {
    fn protocol(self) -> ProtocolVersion {
        match self {
            Self::Handshake => ProtocolVersion::V_2025_11_25,
            Self::Stateless => ProtocolVersion::V_2026_07_28,
        }
    }

    fn lifecycle(self) -> ClientLifecycleMode {
        match self {
            Self::Handshake => ClientLifecycleMode::Initialize,
            Self::Stateless => ClientLifecycleMode::Discover { preferred_versions: vec![self.protocol()] },
        }
    }
}

impl Answer {
    /// Passes when it is a success with exactly this text and structured content.
    pub(crate) fn is(&self, text: &str, structured: &Value) -> Result<(), Finding> {
        let expected = Self { text: text.to_owned(), structured: structured.clone(), is_error: false };
        if *self == expected { Ok(()) } else { Err(Finding::new(expected.to_string(), self.to_string())) }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_error { "error" } else { "result" };
        write!(f, "{kind} {:?} with {}", self.text, self.structured)
    }
}

fn params(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    let params = CallToolRequestParams::new(tool);
    match arguments {
        Value::Object(arguments) => params.with_arguments(arguments),
        _ => params,
    }
}

fn answer(result: CallToolResult) -> Result<Answer, Finding> {
    let [content] = &result.content[..] else {
        return Err(Finding::new("one content", format!("{} of them", result.content.len())));
    };
    let text = content.as_text().ok_or_else(|| Finding::new("text content", format!("{content:?}")))?;
    Ok(Answer {
        text: text.text.clone(),
        structured: result.structured_content.unwrap_or(Value::Null),
        is_error: result.is_error.unwrap_or(false),
    })
}

fn failed(expected: &str, error: &ServiceError) -> Finding {
    Finding::new(expected, http::explain(error))
}
