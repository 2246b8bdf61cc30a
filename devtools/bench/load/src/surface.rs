//! How a server is spoken to: the request that calls a tool, and where its answer has the result.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::work::Call;

/// The ways to call a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// MCP 2026-07-28.
    Mcp2026,
    /// MCP 2025-11-25, without protocol sessions.
    Mcp2025,
    /// The original's `/mcp/call_tool`.
    Rest,
    /// No tool at all: the body comes back.
    Echo,
}

impl Surface {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mcp2026 => "MCP 2026-07-28",
            Self::Mcp2025 => "MCP 2025-11-25",
            Self::Rest => "REST",
            Self::Echo => "HTTP",
        }
    }

    /// The bytes of a request that calls a tool.
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

    /// Whether the body of an answer with status 200 is what the call has to give.
    pub fn is_right(self, call: &Call, body: &[u8]) -> bool {
        let Ok(answer) = serde_json::from_slice::<Value>(body) else { return false };
        match self {
            Self::Echo => answer == self.body(call.tool, &call.arguments),
            Self::Rest => match &answer["result"] {
                Value::String(text) => call.expected.fits_text(text),
                Value::Array(notes) => call.expected.fits_notes(notes),
                _ => false,
            },
            Self::Mcp2026 | Self::Mcp2025 => {
                let result = &answer["result"];
                let text = result["content"][0]["text"].as_str().unwrap_or_default();
                result["isError"] != true && call.expected.fits(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::Work;

    #[test]
    fn a_request_says_how_long_its_body_is() {
        for surface in [Surface::Mcp2026, Surface::Mcp2025, Surface::Rest, Surface::Echo] {
            let call = Work::EchoHot.call("r", 1);
            let text = String::from_utf8(surface.request(call.tool, &call.arguments, Some("t"))).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
            assert!(head.contains("authorization: Bearer t"), "{head}");
        }
    }

    #[test]
    fn an_error_a_wrong_text_and_no_json_are_no_answers() {
        let call = Work::AddNote.call("r", 1);
        let mcp = |text: &str, error: bool| {
            json!({"result": {"content": [{"type": "text", "text": text}], "isError": error}}).to_string()
        };
        let right = "Note added to bench-1.";
        assert!(Surface::Mcp2026.is_right(&call, mcp(right, false).as_bytes()));
        assert!(!Surface::Mcp2026.is_right(&call, mcp(right, true).as_bytes()));
        assert!(!Surface::Mcp2026.is_right(&call, mcp("Note added to bench-2.", false).as_bytes()));
        assert!(Surface::Rest.is_right(&call, json!({"result": right}).to_string().as_bytes()));
        assert!(!Surface::Rest.is_right(&call, json!({"error": right}).to_string().as_bytes()));
        assert!(!Surface::Rest.is_right(&call, b"Note added to bench-1."));
    }
}
