//! One MCP request over HTTP, and its outcome. A client library would retry by its own rules and always read the
//! response, so the drill builds requests itself.

use std::{io, time::Duration};

use reqwest::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::plan::Disconnect;
use xtask::{client::ProtocolVersion, http, token::Token};

/// Limit for a response: longer than the service's own request timeout.
const RESPONSE_LIMIT: Duration = Duration::from_secs(25);

/// Limit for a connection, as in the HTTP client.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Builds and sends the requests of one client.
#[derive(Debug)]
pub(super) struct RawClient {
    http: reqwest::Client,
    token: Token,
    version: ProtocolVersion,
    /// Reuses connections. Half of the clients connect for each request instead.
    keep_alive: bool,
}

/// An attempt without a usable response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoResponse {
    NoConnection,
    /// The connection ended before the response did.
    Disconnected,
    TimedOut,
    /// A status that permits a retry.
    Status(u16),
    /// A tool error, with its text.
    Tool(String),
    /// The service rejected the request: a retry would be rejected too.
    Rejected(String),
}

impl NoResponse {
    /// The key in the report's `errors`.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::NoConnection => "no connection".to_owned(),
            Self::Disconnected => "connection cut".to_owned(),
            Self::TimedOut => "timed out".to_owned(),
            Self::Status(status) => format!("status {status}"),
            Self::Tool(_) => "tool error".to_owned(),
            Self::Rejected(_) => "refused".to_owned(),
        }
    }
}

impl std::fmt::Display for NoResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tool(text) | Self::Rejected(text) => write!(f, "{}: {text}", self.kind()),
            _ => f.write_str(&self.kind()),
        }
    }
}

impl RawClient {
    pub(super) fn new(address: &str, token: Token, version: ProtocolVersion, keep_alive: bool) -> anyhow::Result<Self> {
        Ok(Self { http: http::client(address)?, token, version, keep_alive })
    }

    pub(super) fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Builds a request. `params["name"]` is the tool's name where a tool is called.
    pub(super) fn request(&self, address: &str, id: u64, method: &str, params: Value) -> anyhow::Result<Request> {
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let mut request = self
            .http
            .post(format!("{address}/mcp"))
            .bearer_auth(self.token.reveal())
            .timeout(RESPONSE_LIMIT)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", self.version.as_str())
            .header("connection", if self.keep_alive { "keep-alive" } else { "close" });
        if self.version == ProtocolVersion::V2026_07_28 {
            request = request.header("mcp-method", method);
            if !name.is_empty() {
                request = request.header("mcp-name", name);
            }
        }
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": self.with_meta(params)});
        Ok(request.json(&body).build()?)
    }

    /// Sends a request and returns its JSON-RPC result.
    pub(super) async fn send(&self, request: Request, id: u64) -> Result<Value, NoResponse> {
        let response = self.http.execute(request).await.map_err(|error| transport_error(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| transport_error(&error))?;
        result(status, &text, id)
    }

    /// Adds the `_meta` that stateless protocol versions require in each request.
    fn with_meta(&self, mut params: Value) -> Value {
        if self.version == ProtocolVersion::V2026_07_28 {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.version.as_str(),
                "io.modelcontextprotocol/clientInfo": client_info(),
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        params
    }
}

pub(super) fn client_info() -> Value {
    json!({"name": "xtask drill", "version": env!("CARGO_PKG_VERSION")})
}

/// Sends a request on a connection of its own and closes it without reading the response.
pub(super) async fn send_and_disconnect(request: &Request, disconnect: Disconnect) -> Result<(), NoResponse> {
    let host = request.url().host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = request.url().port_or_known_default().unwrap_or_default();
    let connected = timeout(CONNECT_LIMIT, TcpStream::connect((host, port))).await;
    let stream = connected.ok().and_then(Result::ok).ok_or(NoResponse::NoConnection)?;
    match timeout(RESPONSE_LIMIT, send_only(stream, &to_http1(request), disconnect)).await {
        Ok(sent) => sent.map_err(|_| NoResponse::Disconnected),
        Err(_) => Err(NoResponse::TimedOut),
    }
}

async fn send_only(mut stream: TcpStream, request: &[u8], disconnect: Disconnect) -> io::Result<()> {
    stream.write_all(request).await?;
    match disconnect {
        Disconnect::AfterSending => Ok(()),
        Disconnect::BeforeReading => stream.readable().await,
    }
}

/// Writes a request as HTTP/1.1.
fn to_http1(request: &Request) -> Vec<u8> {
    let url = request.url();
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}:{port}\r\n", request.method(), url.path()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    [&head, body].concat()
}

fn result(status: StatusCode, text: &str, id: u64) -> Result<Value, NoResponse> {
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Err(NoResponse::Status(status.as_u16()));
    }
    let rejected = || NoResponse::Rejected(format!("{status} {}", text.chars().take(300).collect::<String>().trim()));
    let mut response: Value = serde_json::from_str(text).map_err(|_| rejected())?;
    if !status.is_success() || response["id"] != id || !response["result"].is_object() {
        return Err(rejected());
    }
    if response["result"]["isError"] == true {
        let text = response["result"]["content"][0]["text"].as_str().unwrap_or_default();
        return Err(NoResponse::Tool(text.to_owned()));
    }
    Ok(response["result"].take())
}

fn transport_error(error: &reqwest::Error) -> NoResponse {
    match error {
        error if error.is_connect() => NoResponse::NoConnection,
        error if error.is_timeout() => NoResponse::TimedOut,
        _ => NoResponse::Disconnected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw_client(version: ProtocolVersion) -> RawClient {
        drop(http::install_cryptography());
        RawClient::new("http://127.0.0.1:1", Token::new("secret"), version, false).unwrap()
    }

    #[test]
    fn request_has_what_its_version_requires() {
        let params = json!({"name": "add_note", "arguments": {"note": "n"}});
        for (version, named, has_meta) in
            [(ProtocolVersion::V2025_11_25, false, false), (ProtocolVersion::V2026_07_28, true, true)]
        {
            let request = raw_client(version).request("http://h:1", 7, "tools/call", params.clone()).unwrap();
            assert_eq!(request.headers()["mcp-protocol-version"], version.as_str());
            assert_eq!(request.headers().contains_key("mcp-name"), named);
            let body: Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
            assert_eq!((&body["id"], &body["params"]["arguments"]["note"]), (&json!(7), &json!("n")));
            assert_eq!(body["params"]["_meta"].is_object(), has_meta);
        }
    }

    #[test]
    fn raw_request_is_complete() {
        let request =
            raw_client(ProtocolVersion::V2025_11_25).request("http://127.0.0.1:81", 1, "ping", json!({})).unwrap();
        let text = String::from_utf8(to_http1(&request)).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:81\r\n"), "{head}");
        assert!(head.contains("authorization: Bearer secret"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
    }

    #[test]
    fn only_transient_errors_permit_a_retry() {
        let ok = StatusCode::OK;
        assert_eq!(
            result(ok, r#"{"id":1,"result":{"structuredContent":{}}}"#, 1),
            Ok(json!({"structuredContent": {}}))
        );
        assert_eq!(result(StatusCode::SERVICE_UNAVAILABLE, "", 1), Err(NoResponse::Status(503)));
        assert_eq!(result(StatusCode::REQUEST_TIMEOUT, "", 1), Err(NoResponse::Status(408)));
        let busy = r#"{"id":1,"result":{"isError":true,"content":[{"type":"text","text":"busy"}]}}"#;
        assert_eq!(result(ok, busy, 1), Err(NoResponse::Tool("busy".to_owned())));
        for (status, text) in [
            (ok, r#"{"id":1,"error":{"code":-32602,"message":"no"}}"#),
            (ok, r#"{"id":2,"result":{}}"#),
            (ok, "{"),
            (StatusCode::UNAUTHORIZED, r#"{"id":1,"result":{}}"#),
        ] {
            assert!(matches!(result(status, text, 1), Err(NoResponse::Rejected(_))), "{text}");
        }
    }
}
