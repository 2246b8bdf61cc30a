//! The REST client, and plain HTTP requests where a client library would hide what is checked.

use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::{Value, json};

use super::{Mismatch, ProtocolVersion};
use crate::{http, token::Token};

/// An HTTP client with a server's address and token.
#[derive(Debug)]
pub struct RestClient {
    client: reqwest::Client,
    url: String,
    token: Option<Token>,
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl RestClient {
    /// A client for an address without `/mcp`.
    pub fn new(url: &str, token: Option<&Token>) -> anyhow::Result<Self> {
        Ok(Self { client: http::client(url)?, url: url.to_owned(), token: token.cloned() })
    }

    /// Builds a request without a token.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Builds a request with the token, if there is one.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.anonymous(method, path);
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {}", token.reveal())),
            None => request,
        }
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Response, Mismatch> {
        send(self.request(Method::POST, "/mcp/call_tool").json(&json!({"name": tool, "arguments": arguments}))).await
    }
}

/// Turns a request into an `initialize` of MCP.
pub fn as_initialize(request: RequestBuilder) -> RequestBuilder {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": ProtocolVersion::V2025_11_25.as_str(), "capabilities": {},
            "clientInfo": {"name": "xtask", "version": env!("CARGO_PKG_VERSION")},
        },
    });
    request.header("accept", "application/json, text/event-stream").json(&initialize)
}

/// Sends a request and reads the response.
pub async fn send(request: RequestBuilder) -> Result<Response, Mismatch> {
    let read = async {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Response { status, headers, body: response.text().await? })
    };
    read.await.map_err(|error: reqwest::Error| Mismatch {
        unreachable: error.is_connect() || error.is_timeout(),
        ..Mismatch::new("a response", http::explain(&error.without_url()))
    })
}

impl Response {
    /// Passes if status and JSON are exactly these.
    pub fn ensure(&self, status: StatusCode, body: &Value) -> Result<(), Mismatch> {
        self.ensure_status(status)?;
        if self.json()? == *body { Ok(()) } else { Err(self.mismatch(format!("{status} {body}"))) }
    }

    /// Passes if the status is this one.
    pub fn ensure_status(&self, status: StatusCode) -> Result<(), Mismatch> {
        if self.status == status { Ok(()) } else { Err(self.mismatch(status.to_string())) }
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Mismatch> {
        serde_json::from_str(&self.body).map_err(|_| self.mismatch("a body of JSON"))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn mismatch(&self, expected: impl Into<String>) -> Mismatch {
        let mismatch = Mismatch::new(expected, self.to_string());
        match self.status {
            StatusCode::UNAUTHORIZED => mismatch.hint("check the token: the service rejects it"),
            StatusCode::SERVICE_UNAVAILABLE => {
                mismatch.hint("inspect the service's log: the store is unreachable, or the service is overloaded")
            }
            _ => mismatch,
        }
    }
}

/// Status and the start of the body.
impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.body.chars().take(300).collect();
        write!(f, "{} {}", self.status, start.trim())
    }
}
