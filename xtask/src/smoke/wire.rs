//! Requests to the service by hand, where a client library would hide what matters. Judges nothing.

use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::{Value, json};

use super::{runner::Finding, target::Target};
use crate::http;

/// An HTTP client with the target's address and token.
#[derive(Debug)]
pub(crate) struct Wire {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) fn new(target: &Target) -> anyhow::Result<Self> {
        let client = http::client(target.url())?;
        Ok(Self { client, url: target.url().to_owned(), token: target.token().map(str::to_owned) })
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A request with the target's token, if it has one.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method, path);
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Calls a tool over REST.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Result<Answer, Finding> {
        send(self.request(Method::POST, "/mcp/call_tool").json(&json!({"name": tool, "arguments": arguments}))).await
    }
}

/// Makes any request one that the MCP endpoint understands.
pub(crate) fn as_mcp(request: RequestBuilder) -> RequestBuilder {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "xtask", "version": env!("CARGO_PKG_VERSION")},
        },
    });
    request.header("accept", "application/json, text/event-stream").json(&initialize)
}

/// Sends a request and reads the answer.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, Finding> {
    let read = async {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: response.text().await? })
    };
    read.await.map_err(|error: reqwest::Error| Finding {
        unreachable: error.is_connect() || error.is_timeout(),
        ..Finding::new("an answer", http::explain(&error.without_url()))
    })
}

impl Answer {
    /// Passes when status and JSON are exactly these.
    pub(crate) fn is(&self, status: StatusCode, body: &Value) -> Result<(), Finding> {
        self.has_status(status)?;
        if self.json()? == *body { Ok(()) } else { Err(self.differs_from(format!("{status} {body}"))) }
    }

    pub(crate) fn has_status(&self, status: StatusCode) -> Result<(), Finding> {
        if self.status == status { Ok(()) } else { Err(self.differs_from(status.to_string())) }
    }

    pub(crate) fn json(&self) -> Result<Value, Finding> {
        serde_json::from_str(&self.body).map_err(|_| self.differs_from("a body of JSON"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn differs_from(&self, expected: impl Into<String>) -> Finding {
        let finding = Finding::new(expected, self.to_string());
        match self.status {
            StatusCode::UNAUTHORIZED => finding.hint("the token is not the service's"),
            StatusCode::SERVICE_UNAVAILABLE => {
                finding.hint("the service cannot reach its store, or is overloaded; its log says which")
            }
            _ => finding,
        }
    }
}

/// Status and the start of the body.
impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.body.chars().take(300).collect();
        write!(f, "{} {}", self.status, start.trim())
    }
}
