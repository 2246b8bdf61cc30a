//! The APIs of the measured servers: builds the request for a tool call and checks the response.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::work::Call;

/// An API to call tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// MCP 2026-07-28.
    Mcp2026,
    /// MCP 2025-11-25, without protocol sessions.
    Mcp2025,
    /// `/mcp/call_tool` of the v1 (Python) server.
    Rest,
    /// Echoes the request body, without any tool.
    Echo,
}

impl Api {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mcp2026 => "MCP 2026-07-28",
            Self::Mcp2025 => "MCP 2025-11-25",
            Self::Rest => "REST",
            Self::Echo => "HTTP",
        }
    }

    /// Builds the bytes of a request that calls a tool.
    pub fn request(self, tool: &str, arguments: &Value, token: Option<&str>) -> Vec<u8> {
        let body = self.body(tool, arguments).to_string();
        let path = match self {
            Self::Mcp2026 | Self::Mcp2025 => "/mcp",
            Self::Rest => "/mcp/call_tool",
            Self::Echo => "/echo",
        };
        let version = match self {
            Self::Mcp2026 => {
                format!("mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: {tool}\r\n")
            }
            Self::Mcp2025 => "mcp-protocol-version: 2025-11-25\r\n".to_owned(),
            Self::Rest | Self::Echo => String::new(),
        };
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\n{version}{token}content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn body(self, tool: &str, arguments: &Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        match self {
            Self::Rest | Self::Echo => params,
            Self::Mcp2025 => json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}),
            Self::Mcp2026 => {
                let mut request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
                request["params"]["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                request
            }
        }
    }

    /// Checks the body of a response with status 200 against the call.
    pub fn is_correct(self, call: &Call, body: &[u8]) -> bool {
        let Ok(response) = serde_json::from_slice::<Value>(body) else { return false };
        match self {
            Self::Echo => response == self.body(call.tool, &call.arguments),
            Self::Rest => match &response["result"] {
                Value::String(text) => call.expected.matches_text(text),
                Value::Array(notes) => call.expected.matches_notes(notes),
                _ => false,
            },
            Self::Mcp2026 | Self::Mcp2025 => {
                let result = &response["result"];
                let text = result["content"][0]["text"].as_str().unwrap_or_default();
                result["isError"] != true && call.expected.matches(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::Work;

    #[test]
    fn request_has_content_length_and_token() {
        for api in [Api::Mcp2026, Api::Mcp2025, Api::Rest, Api::Echo] {
            let call = Work::EchoHot.call("r", 1);
            let text = String::from_utf8(api.request(call.tool, &call.arguments, Some("t"))).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
            assert!(head.contains("authorization: Bearer t"), "{head}");
        }
    }

    #[test]
    fn errors_and_wrong_texts_are_not_correct() {
        let call = Work::AddNote.call("r", 1);
        let mcp = |text: &str, error: bool| {
            json!({"result": {"content": [{"type": "text", "text": text}], "isError": error}}).to_string()
        };
        let right = "Note added to bench-1.";
        assert!(Api::Mcp2026.is_correct(&call, mcp(right, false).as_bytes()));
        assert!(!Api::Mcp2026.is_correct(&call, mcp(right, true).as_bytes()));
        assert!(!Api::Mcp2026.is_correct(&call, mcp("Note added to bench-2.", false).as_bytes()));
        assert!(Api::Rest.is_correct(&call, json!({"result": right}).to_string().as_bytes()));
        assert!(!Api::Rest.is_correct(&call, json!({"error": right}).to_string().as_bytes()));
        assert!(!Api::Rest.is_correct(&call, b"Note added to bench-1."));
    }
}
