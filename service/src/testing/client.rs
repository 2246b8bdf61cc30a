//! Clients of a test server: calls over MCP or REST, as a principal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Uri;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{http::Http, principals::Principals, replica::Replicas};
use crate::tools::ToolError;

/// The protocol version of the clients.
const PROTOCOL_VERSION: &str = "2026-07-28";

/// The pause before a call is repeated.
const REPEAT_PAUSE: Duration = Duration::from_millis(20);

/// A client. Clones share its connections.
///
/// With several replicas each call goes to the next one, as behind a load balancer.
#[derive(Debug, Clone)]
pub struct TestClient {
    replicas: Arc<Replicas>,
    principals: Principals,
    token: String,
    api: Api,
    http: Http,
    turns: Arc<AtomicUsize>,
    repeats_for: Option<Duration>,
}

/// The API that a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Mcp,
    Rest,
}

/// A response as the server sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body. A body that is not JSON is a string.
    pub body: Value,
}

/// An error instead of a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The call failed, with the text that a model reads.
    #[error("{0}")]
    Tool(String),
    /// The server rejected the request before it called a tool.
    #[error("status {status}: {text}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The error's text.
        text: String,
    },
    /// The request was not sent, because no replica accepts connections.
    #[error("the request was not sent: {0}")]
    NotSent(String),
    /// The request was sent, and the connection ended without a response.
    #[error("no response: {0}")]
    NoResponse(String),
}

impl CallError {
    /// Returns true if the call may have taken effect: its response was lost, or its error reports an unknown outcome.
    pub fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::Tool(text) => is_uncertain(text),
            Self::Rejected { status, text } => [500, 504].contains(status) || is_uncertain(text),
            Self::NotSent(_) => false,
            Self::NoResponse(_) => true,
        }
    }
}

/// Returns true for the texts of errors after which a call may have taken effect.
fn is_uncertain(text: &str) -> bool {
    text.contains("outcome") && text.contains("unknown")
        || text.contains("may have")
        || text == ToolError::Internal.to_string()
}

impl TestClient {
    pub(super) fn new(replicas: Arc<Replicas>, principals: Principals) -> Self {
        let (token, turns) = (Principals::shared_token(), Arc::default());
        Self { replicas, principals, token, api: Api::Mcp, http: Http::new(), turns, repeats_for: None }
    }

    /// Returns a client with connections of its own.
    pub fn another(&self) -> Self {
        Self { http: Http::new(), turns: Arc::default(), ..self.clone() }
    }

    /// Returns a client that authenticates as a principal: alice, bob, carol, or one of
    /// [`Builder::principal`](super::Builder::principal). Without a name, clients are the shared principal.
    pub fn as_principal(&self, name: &str) -> Self {
        Self { token: self.principals.token(name), ..self.clone() }
    }

    /// Returns a client that uses REST instead of MCP.
    pub fn rest(&self) -> Self {
        Self { api: Api::Rest, ..self.clone() }
    }

    /// Returns a client that repeats a call until it gets a result, for at most `limit`. The calls need an
    /// `idempotency_key`, or a repetition takes effect again.
    pub fn repeating(&self, limit: Duration) -> Self {
        Self { repeats_for: Some(limit), ..self.clone() }
    }

    /// Calls a tool and returns its structured result. Over REST, returns the value of `result`.
    ///
    /// # Errors
    /// [`CallError`] if the call failed, the request was rejected, or there is no response.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value, CallError> {
        let until = Instant::now() + self.repeats_for.unwrap_or_default();
        loop {
            let result = match self.call_raw(tool, arguments.clone()).await {
                Ok(response) => response.into_result(self.api),
                Err(error) => Err(error),
            };
            if result.is_ok() || Instant::now() >= until {
                return result;
            }
            sleep(REPEAT_PAUSE).await;
        }
    }

    /// Calls a tool once and returns the response as it is.
    ///
    /// # Errors
    /// [`CallError`] if there is no response.
    pub async fn call_raw(&self, tool: &str, arguments: Value) -> Result<Response, CallError> {
        match self.api {
            Api::Mcp => self.send("tools/call", json!({"name": tool, "arguments": arguments})).await,
            Api::Rest => {
                let headers = [("authorization", self.authorization())];
                let body = json!({"name": tool, "arguments": arguments});
                self.http.post(&self.uri("/mcp/call_tool")?, &headers, &body).await
            }
        }
    }

    /// Sends any MCP request and returns its result: `tools/list`, `resources/read`, `prompts/get`.
    ///
    /// # Errors
    /// [`CallError`] if the request was rejected, or there is no response.
    pub async fn request(&self, method: &str, params: Value) -> Result<Value, CallError> {
        self.send(method, params).await?.into_mcp_result()
    }

    async fn send(&self, method: &str, mut params: Value) -> Result<Response, CallError> {
        let named = ["name", "uri"].iter().find_map(|name| params[*name].as_str()).map(str::to_owned);
        if !params.is_object() {
            params = Value::Object(Map::new());
        }
        // A stateless protocol version requires these in every request.
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": PROTOCOL_VERSION,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": env!("CARGO_PKG_VERSION")},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let mut headers = vec![
            ("accept", "application/json, text/event-stream".to_owned()),
            ("authorization", self.authorization()),
            ("mcp-protocol-version", PROTOCOL_VERSION.to_owned()),
            ("mcp-method", method.to_owned()),
        ];
        headers.extend(named.map(|name| ("mcp-name", name)));
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.http.post(&self.uri("/mcp")?, &headers, &body).await
    }

    /// Skips the turns of `number` replicas.
    pub(super) fn skip(&self, number: usize) {
        self.turns.fetch_add(number, Ordering::Relaxed);
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn uri(&self, path: &str) -> Result<Uri, CallError> {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let none = || CallError::NotSent("no replica is running".to_owned());
        let address = self.replicas.address(turn).ok_or_else(none)?;
        Ok(Uri::try_from(format!("http://{address}{path}")).expect("an address and a path are a URI"))
    }
}

impl Response {
    fn into_result(self, api: Api) -> Result<Value, CallError> {
        match api {
            Api::Rest => self.into_rest_result(),
            Api::Mcp => {
                let mut result = self.into_mcp_result()?;
                if result["isError"] == true {
                    let text = result["content"][0]["text"].as_str().unwrap_or_default();
                    return Err(CallError::Tool(text.to_owned()));
                }
                Ok(result["structuredContent"].take())
            }
        }
    }

    fn into_mcp_result(mut self) -> Result<Value, CallError> {
        if self.status == 200 && self.body["result"].is_object() {
            return Ok(self.body["result"].take());
        }
        let text = &self.body["error"]["message"];
        Err(CallError::Rejected { status: self.status, text: self.text_or(text) })
    }

    fn into_rest_result(mut self) -> Result<Value, CallError> {
        match self.status {
            200 => Ok(self.body["result"].take()),
            // Every failed call is a 400.
            400 => Err(CallError::Tool(self.text_or(&self.body["error"]))),
            status => Err(CallError::Rejected { status, text: self.text_or(&self.body["error"]) }),
        }
    }

    fn text_or(&self, text: &Value) -> String {
        text.as_str().map_or_else(|| self.body.to_string(), str::to_owned)
    }
}
